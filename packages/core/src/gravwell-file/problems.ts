import { ConfigFileError } from './error.js';
import { fold, type IniSection, sectionLabel } from './ini.js';

/** Is told what is wrong, where the rest is of use without it. */
export type TellProblem = (problem: ConfigFileError) => void;

/** Tells a problem once, and what is missing only if it was not left out because of another problem. */
export function tellOnce(tell: TellProblem): TellProblem {
  const told = new Set<string>();
  return (problem) => {
    const key = `${problem.section} ${problem.field}`;
    if (problem.position !== undefined || !told.has(key)) tell(problem);
    told.add(key);
  };
}

/**
 * Reads a configuration again and again without what is wrong in it.
 * @param read throws a {@link ConfigFileError} for the first problem
 * @param tell gets each problem; `undefined`: the first one is thrown
 * @returns what was read, and what that was read from
 * @throws what `read` throws, if it is about nothing that can be left out
 */
export function readWithoutProblems<Result>(
  parts: readonly IniSection[],
  read: (parts: readonly IniSection[]) => Result,
  tell: TellProblem | undefined,
): { readonly result: Result; readonly parts: readonly IniSection[] } {
  let left = parts;
  for (;;) {
    try {
      return { result: read(left), parts: left };
    } catch (error) {
      if (tell === undefined || !(error instanceof ConfigFileError)) throw error;
      const without = leaveOut(left, error);
      if (without === undefined) throw error;
      tell(error);
      left = without;
    }
  }
}

/** The parts without the section or the key that a problem is about; `undefined`: it is about none. */
function leaveOut(
  parts: readonly IniSection[],
  problem: ConfigFileError,
): readonly IniSection[] | undefined {
  const { origin, position, section, field } = problem;
  const isAt = (part: IniSection, place: IniSection['position']) =>
    position !== undefined &&
    part.origin === origin &&
    place?.line === position.line &&
    place.column === position.column;
  const isMeant = (part: IniSection, variable: IniSection['variables'][number]) =>
    position === undefined
      ? section === sectionLabel(part) && fold(variable.name) === fold(field ?? '')
      : isAt(part, variable.position);
  const sections = parts.filter((part) => !isAt(part, part.position));
  if (sections.length < parts.length) return sections;
  const count = (all: readonly IniSection[]) =>
    all.reduce((sum, { variables }) => sum + variables.length, 0);
  const left = parts.map((part) => ({
    ...part,
    variables: part.variables.filter((variable) => !isMeant(part, variable)),
  }));
  return count(left) < count(parts) ? left : undefined;
}

import {
  type Comment,
  type DeclarationReflection,
  type ProjectReflection,
  ReflectionKind,
} from 'typedoc';

/** Words of a comment that does not stand alone. */
const ELSEWHERE = /\bsame as (above|below)\b|\bsee (there|above|below)\b|\bas above\b|^as \S+$/i;

/**
 * Checks that each export has a sentence, and that each comment stands alone.
 * @returns what is wrong, in sentences
 */
export function checkComments(project: ProjectReflection): string[] {
  const exports = project
    .getChildrenByKind(ReflectionKind.Module)
    .flatMap(({ children = [] }) => children)
    .filter(({ kind }) => kind !== ReflectionKind.Reference);
  return exports.flatMap((one) => {
    const comments = commentsOf(one);
    const isSilent = !comments.some(({ summary }) => /\S \S/.test(textOf(summary)));
    const inner = one.children?.flatMap(commentsOf) ?? [];
    const vague = [...comments, ...inner]
      .flatMap(({ summary, blockTags }) => [summary, ...blockTags.map(({ content }) => content)])
      .map(textOf)
      .filter((text) => ELSEWHERE.test(text));
    return [
      ...(isSilent ? [`${one.getFullName()} has no sentence`] : []),
      ...vague.map((text) => `a comment of ${one.getFullName()} does not stand alone: ${text}`),
    ];
  });
}

/** The comments of a declaration: a function has one for each signature, and an accessor one for each way. */
function commentsOf({
  comment,
  signatures,
  getSignature,
  setSignature,
  type,
}: DeclarationReflection): Comment[] {
  const inType = type?.type === 'reflection' ? (type.declaration.signatures ?? []) : [];
  const parts = [...(signatures ?? []), getSignature, setSignature, ...inType];
  return [comment, ...parts.map((part) => part?.comment)].filter((one) => one !== undefined);
}

function textOf(parts: Comment['summary']): string {
  return parts.map(({ text }) => text).join('');
}

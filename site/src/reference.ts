import { join } from 'node:path';
import { Application, type ProjectReflection, ReflectionKind } from 'typedoc';
import { checkComments } from './comments.js';
import { listErrors } from './error-lists.js';
import { type Face, readFaces } from './faces.js';
import { REPOSITORY } from './pages.js';

/** How the pages look. */
const LOOK = {
  router: 'member',
  membersWithOwnFile: ['Class', 'Interface'],
  entryFileName: 'index',
  hidePageHeader: true,
  indexFormat: 'table',
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  enumMembersFormat: 'table',
} as const;

/**
 * Writes the reference of all public faces, from their doc comments.
 * @throws when an export has no sentence, or a comment does not stand alone or links to nothing
 */
export async function writeReference(folder: string): Promise<void> {
  const faces = readFaces();
  const paths = faces.map(({ name, source }) => [name, [source]]);
  const application = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    tsconfig: join(REPOSITORY, 'site/reference.tsconfig.json'),
    compilerOptions: { paths: Object.fromEntries(paths) },
    // `tsc` checks each package by itself. In one program, globals that two of them declare would clash.
    skipErrorChecking: true,
    entryPoints: faces.map(({ source }) => source),
    name: 'Reference',
    readme: 'none',
    disableSources: true,
    excludePrivate: true,
    excludeProtected: true,
    excludeInternal: true,
    excludeExternals: true,
    preservedTypeAnnotationTags: ['@throws'],
    sort: ['kind', 'alphabetical'],
    logLevel: 'Warn',
    outputs: [{ name: 'markdown', path: folder }],
    ...LOOK,
  });
  const project = await application.convert();
  if (project === undefined) throw new Error('typedoc could not read the packages');
  nameModules(project, faces);
  application.validate(project);
  const problems = checkComments(project);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  listErrors(project);
  await application.generateOutputs(project);
  if (application.logger.hasErrors() || application.logger.hasWarnings()) {
    throw new Error('typedoc has complained');
  }
}

/** Gives the module of each face the name that programs import, instead of that of its file. */
function nameModules(project: ProjectReflection, faces: readonly Face[]): void {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    const [file] = module.sources ?? [];
    const source = project.files.getReflectionPath(module) ?? file?.fullFileName;
    const face = faces.find((one) => one.source === source);
    if (face === undefined) throw new Error(`typedoc has a module ${module.name}`);
    module.name = face.name;
  }
}

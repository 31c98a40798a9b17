import {
  type Comment,
  type CommentDisplayPart,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
} from 'typedoc';

/** Makes one list of all `@throws` of a comment, with a link to the class of each error. */
export function listErrors(project: ProjectReflection): void {
  const classes = new Map(
    project.getReflectionsByKind(ReflectionKind.Class).map((one) => [one.name, one]),
  );
  for (const { comment } of Object.values(project.reflections)) {
    if (comment !== undefined) mergeThrows(comment, classes);
  }
}

function mergeThrows(comment: Comment, classes: ReadonlyMap<string, Reflection>): void {
  const [first, ...others] = comment.blockTags.filter(({ tag }) => tag === '@throws');
  if (first === undefined) return;
  first.content = [first, ...others].flatMap(({ typeAnnotation, content }) => [
    { kind: 'text', text: '\n- ' },
    ...linksTo(typeAnnotation, classes),
    ...content,
  ]);
  delete first.typeAnnotation;
  comment.blockTags = comment.blockTags.filter((tag) => !others.includes(tag));
}

/** `{One | Other}` as links to the classes, and a colon. */
function linksTo(
  annotation: string | undefined,
  classes: ReadonlyMap<string, Reflection>,
): CommentDisplayPart[] {
  const names = annotation?.match(/\w+/g) ?? [];
  const links = names.flatMap((name, index): CommentDisplayPart[] => {
    const target = classes.get(name);
    return [
      ...(index > 0 ? [{ kind: 'text' as const, text: ', ' }] : []),
      target === undefined
        ? { kind: 'code', text: `\`${name}\`` }
        : { kind: 'inline-tag', tag: '@link', text: name, target },
    ];
  });
  return names.length === 0 ? [] : [...links, { kind: 'text', text: ': ' }];
}

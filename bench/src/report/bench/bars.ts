import { type Bar, barFigure } from '../figures/bar-figure.js';
import type { LegendItem, Section } from '../page/page.js';

/** Bars that are about one thing, such as one size of entries. */
export interface BarGroup {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** What bars are drawn of. */
export interface BarSection {
  readonly title: string;
  readonly text: string;
  readonly unit: string;
  readonly format: (value: number) => string;
  readonly groups: readonly BarGroup[];
  /** All groups have the same axis. */
  readonly isAlike?: boolean;
  /** What the marks are, if there are any. */
  readonly ceilingName?: string;
}

/** Groups of bars, and the same as a table. */
export function barSection(section: BarSection): Section {
  const { title, text, unit, format, groups, isAlike = false, ceilingName } = section;
  const all = groups.flatMap(({ bars }) => bars);
  const parts = [
    ...new Map(all.flatMap((bar) => bar.parts.map((part) => [part.name, part]))).values(),
  ];
  const isDivided = all.some((bar) => bar.parts.length > 1);
  const legend: LegendItem[] = [
    ...(isDivided ? parts.map(({ name, colour }) => ({ name, colour })) : []),
    ...(ceilingName === undefined
      ? []
      : [{ name: ceilingName, colour: 'var(--text)', shape: 'mark' } as const]),
  ];
  const partNames = isDivided ? parts.map(({ name }) => name) : [unit];
  const greatest = Math.max(...all.map(lengthOf), ...all.map(({ ceiling = 0 }) => ceiling));
  return {
    title,
    text,
    legend,
    figures: groups.map(({ name, bars }) =>
      barFigure({
        label: `${name === '' ? title : name}: ${bars.map((bar) => `${bar.name} ${bar.text}`).join(', ')}`,
        ...{ heading: name === '' ? undefined : name, unit, format, bars },
        ...(isAlike && { greatest }),
      }),
    ),
    table: {
      caption: `${title}: ${unit}`,
      head: ['', ...partNames, 'in short', ...(ceilingName === undefined ? [] : [ceilingName])],
      rows: groups.flatMap(({ name, bars }) =>
        bars.map((bar) => [
          name === '' ? bar.name : `${name}, ${bar.name}`,
          ...partNames.map((part) => format(isDivided ? partOf(bar, part) : lengthOf(bar))),
          bar.text,
          ...(ceilingName === undefined
            ? []
            : [bar.ceiling === undefined ? '–' : format(bar.ceiling)]),
        ]),
      ),
    },
  };
}

function lengthOf({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

function partOf({ parts }: Bar, name: string): number {
  return parts.find((part) => part.name === name)?.value ?? 0;
}

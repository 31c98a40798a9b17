/** What a report shows: a headline, a few figures that matter, sections, and all of its data. */
export interface Page {
  /** Of the window, and what the report is about. */
  readonly title: string;
  /** What was found, in a few words. */
  readonly headline: string;
  /** What that means. */
  readonly lede: string;
  /** Whether everything is as it should be, if that can be said. */
  readonly verdict?: { readonly isGood: boolean; readonly text: string };
  /** How it was made: names and texts. */
  readonly circumstances: readonly (readonly [name: string, text: string])[];
  readonly tiles: readonly Tile[];
  readonly sections: readonly Section[];
  /** Everything that was measured, for programs that read the page. */
  readonly data: unknown;
}

/** One figure that matters. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
}

/** A drawing, the same in a table, or both. */
export interface Section {
  readonly title: string;
  /** What is shown, and how to read it. */
  readonly text: string;
  readonly legend?: readonly LegendItem[];
  readonly figures?: readonly Figure[];
  readonly table: Table;
  /** The table is shown at once, not only when it is asked for. */
  readonly isTableOpen?: boolean;
}

/** What a colour means. */
export interface LegendItem {
  readonly name: string;
  /** As CSS has it. */
  readonly colour: string;
  /** Default: `area`. */
  readonly shape?: 'line' | 'area' | 'mark' | 'triangle';
}

/** A drawing that is made for the width that there is. */
export interface Figure {
  /** What it is about, where a section has several. */
  readonly heading?: string;
  /** For those who cannot see it: what it shows, with the figures that matter. */
  readonly label: string;
  /** @param width of the drawing, in pixels */
  readonly draw: (width: number) => PlotOptions;
}

export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  /** The first cell of a row is its name. */
  readonly rows: readonly (readonly string[])[];
  /** The cells are sentences, not numbers. */
  readonly isText?: boolean;
}

export type PlotOptions = import('@observablehq/plot').PlotOptions;

import type { Command } from 'commander';
import type { Page } from './page/page.js';
import { ReportFile } from './report-file.js';

/** Where else a command puts what it measured, beside the text for people. */
export interface ResultFlags {
  readonly json: boolean;
  /** A file; `undefined`: there is no report. */
  readonly report?: string;
}

/** Adds the flags that commands have which measure something. */
export function addResultFlags(command: Command): Command {
  return command
    .option('--json', 'end with a JSON object on the last line', false)
    .option('--report <file>', 'write a page of HTML with charts, which needs nothing else');
}

/**
 * Measures something, and puts it where the flags say.
 * @param pageOf loads what makes the page: it is called only if there is to be one
 * @param jsonOf what of it is printed as JSON; by default, all
 * @returns what was measured
 * @throws {ReportFileError} the report cannot be written: if that is known beforehand, nothing is measured
 */
export async function withResult<Result extends object>(
  { json, report }: ResultFlags,
  measure: () => Promise<Result>,
  pageOf: (result: Result) => Promise<Page>,
  jsonOf: (result: Result) => object = (result) => result,
): Promise<Result> {
  using file = report === undefined ? undefined : new ReportFile(report);
  const result = await measure();
  if (file !== undefined) {
    // What draws takes a quarter of a second to load.
    const { renderPage } = await import('./page/render-page.js');
    file.write(renderPage(await pageOf(result)));
    console.error(`the report is in ${file.path}`);
  }
  if (json) console.log(JSON.stringify(jsonOf(result)));
  return result;
}

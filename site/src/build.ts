import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vitepress';
import { checkSite } from './finished.js';
import { REPOSITORY } from './pages.js';
import { writeReference } from './reference.js';
import { stagePages } from './staging.js';

/** `pnpm site`: makes the site in `site/build/site`, and fails when something in it is wrong. */
const BUILD = join(REPOSITORY, 'site/build');
const PAGES = join(BUILD, 'pages');
const SITE = join(BUILD, 'site');

rmSync(BUILD, { recursive: true, force: true });
stagePages(PAGES);
await writeReference(join(PAGES, 'reference'));
await build(join(REPOSITORY, 'site'));
const problems = checkSite(SITE);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`the site is in ${SITE}`);

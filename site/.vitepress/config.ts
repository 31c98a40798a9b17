import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { navigation, sidebar } from '../dist/navigation.js';

/** Three blocks of a ring. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
    '<path d="M1 5h4v6H1z" fill="#0969da"/><path d="M6 5h4v6H6z" fill="#54aeff"/>' +
    '<path d="M11.5 5.5h3v5h-3z" fill="none" stroke="#54aeff"/></svg>',
)}`;

export default defineConfig({
  title: 'ringest',
  description: 'Ships log and event entries from Node.js to Gravwell indexers, and confirms each',
  lang: 'en',
  head: [['link', { rel: 'icon', href: ICON }]],
  srcDir: 'build/pages',
  outDir: 'build/site',
  cacheDir: 'build/cache',
  cleanUrls: false,
  lastUpdated: false,
  metaChunk: true,
  // The index of the search is large, and loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  markdown: { anchor: { slugify: slug } },
  themeConfig: {
    nav: navigation(),
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    externalLinkIcon: true,
    docFooter: { prev: false, next: false },
  },
});

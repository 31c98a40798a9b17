import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { navigation, sidebar } from '../dist/navigation.js';

export default defineConfig({
  title: 'ringest',
  description: 'Ships log and event entries from Node.js to Gravwell indexers, and confirms each',
  lang: 'en',
  srcDir: 'build/pages',
  outDir: 'build/site',
  cacheDir: 'build/cache',
  cleanUrls: false,
  lastUpdated: false,
  metaChunk: true,
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

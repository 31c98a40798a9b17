import type { DefaultTheme } from 'vitepress';
import { readFaces } from './faces.js';
import { readPages } from './pages.js';

const linkTo = (path: string) => `/${path.replace(/(index)?\.md$/, '')}`;

/** What the top of each page shows: the first page of each group. */
export function navigation(): DefaultTheme.NavItem[] {
  const groups = readPages().groups.map(({ title, pages }) => ({
    text: title,
    items: pages.map((page) => ({ text: page.title, link: linkTo(page.path) })),
  }));
  return [...groups, { text: 'Reference', link: '/reference/' }];
}

/** What the side of a page shows: in the reference the packages, elsewhere the pages. */
export function sidebar(): DefaultTheme.SidebarMulti {
  const pages = readPages().groups.map((group) => ({
    text: group.title,
    items: group.pages.map(({ title, path }) => ({ text: title, link: linkTo(path) })),
  }));
  const faces = readFaces().map(({ name }) => ({
    text: name,
    link: `/reference/${name}/`,
  }));
  return { '/': pages, '/reference/': [{ text: 'Reference', items: faces }] };
}

// A task of a thread that takes memory until there is none.
export function hog() {
  for (const kept = []; ; ) kept.push([kept.length]);
}

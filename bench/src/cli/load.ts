// The title takes the place of the arguments, one of which may be a secret that `ps` would show. What
// is imported by a declaration would be loaded before, which takes half a second on a busy machine.
process.title = 'ringest load';
const { Command } = await import('commander');
const { makeLoadCommand } = await import('../load/load-command.js');
await makeLoadCommand(new Command('load')).parseAsync();

export {};

// The title takes the place of the arguments, one of which may be a secret that `ps` would show. What
// is imported by a declaration would be loaded before, which takes half a second on a busy machine.
process.title = 'ringest tune';
const { Command } = await import('commander');
const { makeTuneCommand } = await import('../tune/tune-command.js');
await makeTuneCommand(new Command('tune')).parseAsync();

export {};

// The title takes the place of the arguments, one of which may be a secret that `ps` would show. This is
// a module of its own so that it can be imported before all others, none of which then comes first.
process.title = 'ringest-indexer';

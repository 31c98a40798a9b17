/** Imported before anything else: a secret among the arguments is not to stand in a list of processes. */
process.title = 'ringest load';

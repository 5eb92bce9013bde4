/**
 * Loaded into n8n before anything else (`--require`): n8n ends when the process that started it is gone, even if that was
 * killed and could not say so. Left alone, n8n would try to print to a pipe that nobody reads, report that as an error, print
 * the report, and so on, with a whole processor and ever more memory (2.40.7).
 */
process.on('disconnect', () => {
	// With all that it has started: it leads a process group of its own, see `startN8n`.
	if (process.platform === 'win32') process.exit();
	process.kill(-process.pid, 'SIGKILL');
});
// The channel alone keeps nothing alive.
process.channel?.unref();

/** Prints the closing line `N passed, N failed` that scripts and CI read; skipped tests are named when there are any. */
module.exports = class PlainReporter {
	onRunComplete(_contexts, { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests }) {
		// A suite that could not even load counts as one failure, or a broken import would read as "0 failed".
		const failed = numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0);
		const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
		process.stdout.write(`${numPassedTests} passed, ${failed} failed${skipped}\n`);
	}
};

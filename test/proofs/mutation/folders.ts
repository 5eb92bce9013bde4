/** What is mutated, and the tests that are asked whether they notice. */
export interface Folder {
	/** Test files and folders of test files, relative to the root. The first ones are asked first. */
	tests: readonly string[];
}

/**
 * By the folder that is mutated, relative to the root. The quick tests come first, and not all tests that reach a folder
 * are asked: what survives costs the time of all of them. So a score is a lower bound.
 */
export const FOLDERS: Readonly<Record<string, Folder>> = {
	'lib/odata': { tests: ['test/odata'] },
	// Not trigger.test.ts: it takes a minute, and more after each mutant that nothing else notices.
	'lib/history': {
		tests: [
			'test/history/missed.test.ts',
			'test/history/activeCalls.test.ts',
			'test/history/reads.test.ts',
			'test/history/cursor.test.ts',
			'test/history/catchUp.test.ts',
		],
	},
	'lib/phone': { tests: ['test/phone'] },
	'lib/waiting': { tests: ['test/waiting', 'test/audio/leg.test.ts'] },
	'nodes/ThreeCxTrigger': {
		tests: [
			'test/trigger/parts.test.ts',
			'test/trigger/queue.test.ts',
			'test/trigger/memory.test.ts',
			'test/trigger/gaps.test.ts',
			'test/trigger/log.test.ts',
			'test/trigger/handOver.test.ts',
			'test/trigger/restart.test.ts',
			'test/trigger/trigger.test.ts',
		],
	},
	'lib/callcontrol/calls': {
		tests: [
			...[
				'tracker',
				'outOfSight',
				'progress',
				'legs',
				'liveCalls',
				'keyWatch',
				'logged',
				'perCall',
				'perExtension',
				'queueWaits',
				'told',
				'teller',
				'whoAnswered',
				'watchedCall',
				'background',
				'hangUp',
				'question',
			].map((name) => `test/callcontrol/${name}.test.ts`),
			'test/callcontrolnode/answer.test.ts',
			'test/callcontrolnode/waitFor.test.ts',
			'test/callcontrolnode/wait.test.ts',
			'test/callcontrolnode/askByPhone.test.ts',
			'test/trigger/gaps.test.ts',
			'test/trigger/restart.test.ts',
		],
	},
	// Not tokensThatEnd, flood and mendedCredential.test.ts: they take seconds for what the others know in moments.
	'lib/callcontrol/link': {
		tests: [
			...[
				'order',
				'frames',
				'sequence',
				'reads',
				'readings',
				'tries',
				'sharing',
				'socket',
				'monitor',
				'otherPbxs',
			].map((name) => `test/callcontrol/${name}.test.ts`),
			'test/trigger/whoListens.test.ts',
		],
	},
	'lib/callcontrol/rest': {
		tests: [
			'test/callcontrol/rest.test.ts',
			'test/callcontrol/endpoints.test.ts',
			'test/audio/leg.test.ts',
			'test/callcontrolnode/callControl.test.ts',
			'test/callcontrolnode/audio.test.ts',
		],
	},
	// Not secrets/echo.test.ts, which takes ten seconds: mask.test.ts knows the same rule by rule.
	'lib/http': {
		tests: ['test/http', 'test/proxy/guards.test.ts', 'test/proxy/redirects.test.ts'],
	},
	// Not tokenSharing.test.ts and tokenAttacks.test.ts, which take half a minute: tokens.test.ts knows the same.
	'nodes/shared': {
		tests: [
			'test/nodes/shared.test.ts',
			'test/nodes/tokens.test.ts',
			'test/nodes/router.test.ts',
			'test/nodes/fields.test.ts',
			'test/nodes/n8nVersion.test.ts',
			'test/nodes/parameters.test.ts',
			'test/nodes/panel.test.ts',
			'test/nodes/credentialForm.test.ts',
			'test/nodes/locator.test.ts',
			'test/nodes/tokenLife.test.ts',
			'test/nodes/credentialPerRun.test.ts',
			'test/proxy/guards.test.ts',
		],
	},
};

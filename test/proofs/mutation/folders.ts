/** What is mutated, and the tests that are asked whether they notice. */
export interface Folder {
	/** Test files and folders of test files, relative to the root. The first ones are asked first. */
	tests: readonly string[];
}

/** By the folder that is mutated, relative to the root. */
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
	'nodes/ThreeCxTrigger': { tests: ['test/trigger'] },
	'lib/callcontrol/calls': { tests: ['test/callcontrol', 'test/callcontrolnode', 'test/trigger'] },
	'lib/callcontrol/link': { tests: ['test/callcontrol', 'test/trigger'] },
	'lib/callcontrol/rest': {
		tests: [
			'test/callcontrol/rest.test.ts',
			'test/audio',
			'test/callcontrolnode/callControl.test.ts',
			'test/callcontrolnode/actions.test.ts',
			'test/callcontrolnode/audio.test.ts',
		],
	},
	'lib/http': {
		tests: [
			'test/http',
			'test/proxy/guards.test.ts',
			'test/proxy/redirects.test.ts',
			'test/secrets/echo.test.ts',
		],
	},
	'nodes/shared': {
		tests: [
			'test/nodes/credentialForm.test.ts',
			'test/nodes/locator.test.ts',
			'test/nodes/tokenLife.test.ts',
			'test/nodes/credentialPerRun.test.ts',
			'test/nodes/tokenSharing.test.ts',
			'test/nodes/threeCx.test.ts',
			'test/callcontrolnode/callControl.test.ts',
			'test/proxy/guards.test.ts',
		],
	},
};

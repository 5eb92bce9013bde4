import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ANY_ROW } from '../support/anyRow';
import { operationsOf, type OperationCase } from '../support/everyOperation';
import { CredentialStore, runNode } from '../support/n8n';
import { startRecordingPbx, type Answer } from '../support/recordingPbx';

/**
 * Every curated operation against the answers that 3CX declares for what acts, and those that versions and proxies give in
 * their place: 200 with a body, 200 without, 204, and 202. What acted does not fail, and nothing ends in an error of
 * JavaScript.
 */

const ANSWERS: Record<string, Answer> = {
	'200 with a body': [200, ANY_ROW],
	'200 without a body': [200],
	'202': [202],
	'204': [204],
};

/** What only a program error says. */
const JAVASCRIPT =
	/Cannot (?:read|destructure)|is not (?:a function|iterable|defined)|undefined|\[object/;

// The report says "undefined" of its own, as the type of what is not there.
const CASES = operationsOf('n8n-nodes-threecx.threeCx', new ThreeCx().description).filter(
	([name]) => name !== 'system: getCompatibilityReport',
);

let pbx: Awaited<ReturnType<typeof startRecordingPbx>>;
let credentials: CredentialStore;
/** What is answered to what acts, and whether to what reads, too. */
let mode: { answer: Answer; reads: boolean; after?: Answer };
/** The row as it has been changed; undefined before that. */
let changed: IDataObject | undefined;

beforeAll(async () => {
	pbx = await startRecordingPbx(({ method, path, body }) => {
		if (method === 'PATCH') changed = { ...ANY_ROW, ...(JSON.parse(body) as IDataObject) };
		else if (method !== 'GET') changed = { ...ANY_ROW };
		if (method !== 'GET' || mode.reads) return mode.answer;
		if (changed && mode.after) return mode.after;
		const isOne = /\/[A-Z]\w+\([^)]*\)$/.test(path) && !path.includes('/Pbx.');
		const now = changed ?? ANY_ROW;
		return [200, isOne || SINGLETONS.test(path) ? now : { '@odata.count': 1, value: [now] }];
	});
	credentials = new CredentialStore({ pbxUrl: pbx.url, clientId: 'n8n', clientSecret: 'secret' });
});

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

const SINGLETONS = /\/(?:\w+(?:Settings|Status)|OfficeHours|Blocklist|.*Pbx\.Init\w+\(.*\))$/;

/** Runs an operation; gives its error, and whether it had acted. Nothing that comes out is an accident. */
async function outcome({ type, parameters }: OperationCase, chosen: typeof mode) {
	mode = chosen;
	changed = undefined;
	const from = pbx.asked.length;
	const { items, error } = await runNode({ type, parameters, credentials });
	const shown = error ? error.message : JSON.stringify(items.map(({ json }) => json));
	expect(shown).not.toMatch(JAVASCRIPT);
	return { error, acted: pbx.asked.slice(from).some(({ method }) => method !== 'GET') };
}

const acting = new Set<string>();

describe.each(Object.entries(ANSWERS))('answered with %s', (_, answer) => {
	test.each(CASES)('%s does not fail', async (name, operation) => {
		const { error, acted } = await outcome(operation, { answer, reads: false });
		if (!acted) return;
		acting.add(name);
		expect(error?.message).toBeUndefined();
	});
});

describe.each([
	['200 with a body', ANSWERS['200 with a body']!],
	['204', ANSWERS['204']!],
])('answered with %s, what is read, too', (_, answer) => {
	test.each(CASES)('%s ends in no program error', async (_name, operation) => {
		await outcome(operation, { answer, reads: true });
	});
});

test.each(CASES)(
	'%s does not fail when it cannot read any more once it has acted',
	async (_, operation) => {
		const { error, acted } = await outcome(operation, {
			answer: [204],
			reads: false,
			after: [403],
		});
		if (acted) expect(error?.message).toBeUndefined();
	},
);

test('most operations that act have been looked at', () => {
	expect(acting.size).toBeGreaterThan(60);
});

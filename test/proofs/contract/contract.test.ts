import { closeDispatchers } from '../../../lib/http/dispatchers';
import { GUESSES } from '../../../lib/contract/guesses';
import type { CompatibilityReport, Finding } from '../../../lib/contract/report';
import { bounded, dnTypes, known, names, wordsOf } from '../../../lib/contract/words';
import { startPbx, VERSION, type ApiClient, type Pbx } from '../../../sandbox/pbx';
import { PROFILES, type ProfileName } from '../../../sandbox/pbx/profiles';
import { CredentialStore, runNode } from '../../support/n8n';
import { EXPECTED_DIFFERENCES } from './differences';
import { readProtocol } from './protocol';
import { ask, askSandbox } from './sandbox';

/** The compatibility report, over real HTTP and a real socket, against the sandbox in all its profiles. */

jest.setTimeout(60_000);

afterAll(async () => await closeDispatchers());

const finding = ({ findings }: CompatibilityReport, guess: string): Finding =>
	findings.find((each) => each.guess === guess)!;

test('docs/protocol.md and the report know the same guesses', () => {
	const documented = readProtocol().guesses.map(({ id, claim, sections, asked }) => ({
		id,
		claim: claim.replace(/[`*]/g, ''),
		sections,
		asked,
	}));
	const known = GUESSES.map(({ id, claim, sections, ask: question }) => ({
		id,
		claim,
		sections,
		asked: question !== undefined,
	}));
	expect(known).toEqual(documented);
});

describe('against the sandbox', () => {
	test.each(Object.keys(PROFILES) as ProfileName[])('profile %s', async (name) => {
		const report = await askSandbox(name, ({ requests }) => {
			const written = requests.filter(
				({ method, path }) => method !== 'GET' && path !== '/connect/token',
			);
			expect(written).toEqual([]);
			expect(requests.length).toBeLessThan(150);
		});
		expect(report.differences).toEqual(EXPECTED_DIFFERENCES[name]);
		expect(report.findings.map(({ guess }) => guess)).toEqual(GUESSES.map(({ id }) => id));
		expect(Object.values(report.outcomes).reduce((sum, count) => sum + count)).toBe(GUESSES.length);
		for (const { outcome, why, answer } of report.findings) {
			// An answer, or the reason why there is none.
			expect(outcome === 'asExpected' || outcome === 'differs' ? answer : why).toBeTruthy();
		}
		expect(JSON.stringify(report).length).toBeLessThan(64_000);
	});

	test('says what the PBX does, also where it is as expected', async () => {
		const report = await askSandbox('current');
		expect(report).toMatchObject({ format: 1, version: VERSION, role: 'system_owners' });
		const answers = Object.fromEntries(report.findings.map(({ guess, answer }) => [guess, answer]));
		expect(answers).toMatchObject({
			G1: { unit: 'seconds', lifetimeSeconds: 3600 },
			G3: { olderToken: '401' },
			G4: { socket: 'closed', closeCode: expect.stringMatching(/^\d{4}$/) as string },
			G20: { typeIs: ['number'], dataOfChanges: ['null'] },
			G24: { operations: 601, operationsAdded: [], operationsChanged: [] },
			G32: { top101: '400', limit: 100 },
			G42: { same: true },
			G46: { beginBelongs: true, endBelongs: false },
		});
	});

	test('takes minutes for what an older version is expected to say', async () => {
		const { outcome, answer } = finding(await askSandbox('older'), 'G1');
		expect([outcome, answer?.unit]).toEqual(['asExpected', 'minutes']);
	});
});

describe('what must not be in it', () => {
	const SECRET = 'Quillfeather';
	const NUMBER = '7351';

	const client: ApiClient = {
		clientId: 'zebra7731',
		clientSecret: ['4711', 'seen', 'nowhere'].join('-'),
		role: 'system_owners',
		xapiEnabled: true,
		callControlEnabled: true,
		monitored: 'all',
	};

	/** Puts names and numbers wherever a PBX can have some. */
	function seedNames({ store, calls }: Pbx): void {
		for (const set of ['Users', 'Contacts', 'Queues', 'Groups', 'RingGroups', 'Trunks'] as const) {
			for (const row of store.rows(set)) {
				for (const name of Object.keys(row)) {
					if (/Name$|Email|Company|Title/.test(name) && typeof row[name] === 'string')
						row[name] = `${SECRET} ${name}`;
				}
			}
		}
		calls.incoming({ from: `+4420${NUMBER}${NUMBER}`, fromName: SECRET, to: '100' });
	}

	test('names, numbers, addresses, tokens', async () => {
		const pbx = await startPbx({
			clients: [client],
			fqdn: `${SECRET}.3cx.example.com`.toLowerCase(),
		});
		seedNames(pbx);
		const later = setInterval(() => pbx.calls.internal({ from: '101', to: '102' }), 300);
		const report = await ask({ origin: pbx.url, ignoreSslIssues: false }, client, {
			listenMs: 1_000,
		})
			.finally(() => clearInterval(later))
			.catch(async (error: unknown) => {
				await pbx.close();
				throw error;
			});
		const text = JSON.stringify(report);
		const stored = [...pbx.store.rows('Users'), ...pbx.store.rows('Contacts')]
			.flatMap((row) => Object.values(row))
			.filter((value): value is string => typeof value === 'string')
			// What names nobody alone: words of 3CX's, and numbers as short as a status.
			.filter(
				(value) => value.length > 4 && /[\d@ ]/.test(value) && !/^(Custom|Out of)/.test(value),
			);
		await pbx.close();

		expect(stored.length).toBeGreaterThan(100);
		expect(stored.filter((value) => text.includes(value))).toEqual([]);
		const port = new URL(pbx.url).port;
		for (const secret of [
			SECRET,
			SECRET.toLowerCase(),
			NUMBER,
			'zebra',
			'4711',
			'127.0.0.1',
			port,
			'eyJ',
		])
			expect(text).not.toContain(secret);
		// The words were there to be found.
		expect(finding(report, 'G13').outcome).toBe('asExpected');
	});

	test('words of 3CX stay, and all else is counted', () => {
		expect(dnTypes(['Wqueue', 'Anna', 'None', 'W100'])).toEqual(['(other)', 'None', 'Wqueue']);
		expect(known(['App', 'Anna'], ['App'])).toEqual(['(other)', 'App']);
		expect(names(['FirstName', 'anna@example.com', 'a b', '+44 20'])).toEqual([
			'(other)',
			'FirstName',
		]);
		const rows = [
			{ Status: 'Talking', Caller: '100 Anna Hart' },
			{ Status: 'Anna', Caller: '101' },
			{ Status: 'Holding', Caller: '101' },
			{ Status: 'Anna Hart', Caller: '101' },
		];
		expect(wordsOf(rows, 'Status', ['Talking'])).toEqual(['(other)', 'Holding', 'Talking']);
	});

	test('more than an issue takes', () => {
		const endless = bounded({ list: Array.from({ length: 1000 }, () => 'x'.repeat(1000)) });
		expect(JSON.stringify(endless).length).toBeLessThan(60 * 125);
	});
});

describe('trouble', () => {
	let pbx: Pbx;
	beforeEach(async () => {
		pbx = await startPbx();
	});
	afterEach(async () => await pbx.close());

	const connection = () => ({ origin: pbx.url, ignoreSslIssues: false });

	test('ends in time where the PBX goes silent; what was asked before stays', async () => {
		pbx.faults.next({ path: /Users|Recordings|callcontrol/, hang: true, times: Infinity });
		const began = Date.now();
		const report = await ask(connection(), pbx.defaultClient, {
			listenMs: 100,
			timeLimitMs: 2_000,
		});
		expect(Date.now() - began).toBeLessThan(6_000);
		expect(finding(report, 'G2').outcome).toBe('asExpected');
		expect(finding(report, 'G32')).toMatchObject({
			outcome: 'unanswered',
			why: 'The time was over',
		});
	});

	test('an answer that breaks off leaves one question open', async () => {
		pbx.faults.next({ path: /Users\?.*search/, malformedJson: true, times: Infinity });
		const report = await ask(connection(), pbx.defaultClient, { listenMs: 100 });
		expect(finding(report, 'G36')).toMatchObject({ outcome: 'differs', answer: { finds: false } });
		expect(finding(report, 'G35').outcome).toBe('asExpected');
	});

	test('a wrong secret and a PBX that is not there are errors, not reports', async () => {
		const wrong = { ...pbx.defaultClient, clientSecret: 'wrong' };
		await expect(ask(connection(), wrong)).rejects.toMatchObject({ kind: 'credentials' });
		expect(pbx.failedLogins).toBe(1);
		await pbx.down();
		await expect(ask(connection(), pbx.defaultClient)).rejects.toMatchObject({
			kind: 'unreachable',
		});
		await pbx.up();
	});
});

describe('System > Get Compatibility Report', () => {
	test('gives the report without a token of its own', async () => {
		const pbx = await startPbx();
		const { clientId, clientSecret } = pbx.defaultClient;
		const { items, error } = await runNode({
			parameters: { resource: 'system', operation: 'getCompatibilityReport', listenFor: 1 },
			credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
		}).finally(async () => await pbx.close());
		expect(error).toBeUndefined();
		const report = items[0]!.json as unknown as CompatibilityReport;
		expect(report.differences).toEqual(EXPECTED_DIFFERENCES.current);
		expect(pbx.mints[clientId]).toBe(1);
		for (const costly of ['G1', 'G3', 'G4'])
			expect(finding(report, costly)).toMatchObject({
				outcome: 'unanswered',
				why: expect.stringContaining('npm run contract') as string,
			});
	});
});

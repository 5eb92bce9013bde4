import fc from 'fast-check';
import {
	compare,
	MAX_SUBJECTS,
	QUEUE_EVENT,
	type Change,
	type Kind,
	type Look,
	type Memory,
	type QueueLook,
	type Rules,
	type Subject,
} from '../../lib/status/changes';

const RULES: Rules = { confirmMs: 0, tellPresent: false, againAfterMs: 15 * 60_000 };

const SECOND = 1000;
const MINUTE = 60_000;

const subject = (key: string, value: string): Subject => ({ key, value, details: { key } });

/** A look at subjects of one kind: `trunk('10000 online', '10001 offline')`. */
const of =
	(kind: Exclude<Kind, 'queue'>) =>
	(...subjects: string[]): Look => ({
		subjects: {
			[kind]: subjects.map((text) => subject(...(text.split(' ') as [string, string]))),
		},
	});
const trunks = of('trunk');

/** Looks one after another, each at its time. */
function watch(looks: Array<[at: number, look: Look]>, rules: Partial<Rules> = {}): Change[][] {
	let memory: Memory = {};
	return looks.map(([at, look]) => {
		const { changes, memory: next } = compare(memory, look, { ...RULES, ...rules }, at);
		// As n8n keeps it.
		memory = JSON.parse(JSON.stringify(next)) as Memory;
		return changes;
	});
}

const every30 = (...looks: Look[]): Array<[number, Look]> =>
	looks.map((look, index) => [index * 30 * SECOND, look]);

const said = (changes: Change[][]) =>
	changes.map((told) =>
		told.map(
			({ event, key, before, after }) => `${event} ${key} ${String(before)} ${String(after)}`,
		),
	);

describe('states', () => {
	test.each<[string, Exclude<Kind, 'queue'>, string[], string[]]>([
		['a trunk', 'trunk', ['1 online', '1 offline', '1 online'], ['trunkOffline', 'trunkOnline']],
		[
			'an SBC',
			'sbc',
			['1 connected', '1 disconnected', '1 connected'],
			['sbcDisconnected', 'sbcConnected'],
		],
		[
			'a service',
			'service',
			['1 running', '1 stopped', '1 running'],
			['serviceStopped', 'serviceStarted'],
		],
		[
			'an extension',
			'extension',
			['1 registered', '1 unregistered', '1 registered'],
			['extensionUnregistered', 'extensionRegistered'],
		],
		[
			'a licence',
			'licence',
			['1 valid', '1 ending', '1 ended'],
			['licenceEnding', 'licenceEnding'],
		],
		[
			'a licence that is renewed',
			'licence',
			['1 ending', '1 valid', '1 ending'],
			['licenceEnding'],
		],
		[
			'a backup',
			'backup',
			['1 recent', '1 old', '1 recent', '1 old'],
			['backupTooOld', 'backupTooOld'],
		],
		[
			'the status of a user',
			'userStatus',
			['1 Available', '1 Away', '1 Lunch'],
			['userStatusChanged', 'userStatusChanged'],
		],
		[
			'an agent',
			'queueLogin',
			['1 loggedIn', '1 loggedOut', '1 loggedIn'],
			['agentLoggedOut', 'agentLoggedIn'],
		],
	])('%s', (_, kind, values, events) => {
		const changes = watch(every30(...values.map((value) => of(kind)(value))));
		expect(changes[0]).toEqual([]);
		expect(changes.flat().map(({ event }) => event)).toEqual(events);
	});

	test('each subject by itself, with what was told before', () => {
		expect(
			said(
				watch(
					every30(
						trunks('1 online', '2 online'),
						trunks('1 offline', '2 online'),
						trunks('1 offline', '2 offline'),
					),
				),
			),
		).toEqual([[], ['trunkOffline 1 online offline'], ['trunkOffline 2 online offline']]);
	});

	test('what was wrong at the first look is told only on request', () => {
		const look = trunks('1 offline', '2 online');
		expect(said(watch(every30(look, look)))).toEqual([[], []]);
		expect(said(watch(every30(look, look), { tellPresent: true }))).toEqual([
			['trunkOffline 1 null offline'],
			[],
		]);
		// Nobody is in a wrong status.
		expect(watch(every30(of('userStatus')('1 Away')), { tellPresent: true })).toEqual([[]]);
	});

	test('a new trunk is told when it is offline, a new user is not', () => {
		expect(said(watch(every30(trunks(), trunks('1 offline', '2 online'))))).toEqual([
			[],
			['trunkOffline 1 null offline'],
		]);
		expect(watch(every30(of('userStatus')(), of('userStatus')('1 Away')))).toEqual([[], []]);
	});

	test('a kind that was not read keeps what is known of it', () => {
		for (const nothing of [{ subjects: {} }, { subjects: { trunk: null } }])
			expect(
				said(
					watch(
						every30(trunks('1 online'), nothing, trunks('1 offline'), nothing, trunks('1 offline')),
					),
				),
			).toEqual([[], [], ['trunkOffline 1 online offline'], [], []]);
	});

	test('a state that must last is told once it has, and flapping is not', () => {
		const online = trunks('1 online');
		const offline = trunks('1 offline');
		expect(
			said(
				watch(every30(online, offline, online, offline, offline, offline, offline), {
					confirmMs: MINUTE,
				}),
			),
		).toEqual([[], [], [], [], [], ['trunkOffline 1 online offline'], []]);
	});
});

describe('what appears', () => {
	test.each<[Exclude<Kind, 'queue'>, string]>([
		['update', 'updateAvailable'],
		['blockedAddress', 'addressBlocked'],
		['blockedNumber', 'numberBlocked'],
		['error', 'errorLogged'],
		['backupError', 'backupFailed'],
	])('%s', (kind, event) => {
		const look = of(kind);
		expect(
			said(watch(every30(look('1 a'), look('1 a', '2 b'), look('2 b'), look('1 a', '2 b')))),
		).toEqual([[], [`${event} 2 null b`], [], []]);
		expect(said(watch(every30(look('1 a')), { tellPresent: true }))).toEqual([
			[`${event} 1 null a`],
		]);
	});
});

describe('queues', () => {
	/** A queue with callers who have waited so many seconds. */
	const queue = (...waits: Array<number | null>): Look => ({
		subjects: {},
		queues: [
			{
				queue: '800',
				name: 'Sales',
				details: {},
				callers: waits.map((waitingSeconds, index) => ({ callId: index + 1, waitingSeconds })),
			},
		],
	});

	test.each<[string, Partial<Rules>, Look, boolean]>([
		['more callers', { maxCallers: 1 }, queue(1, 1), true],
		['as many', { maxCallers: 2 }, queue(1, 1), false],
		['nobody, where none is too many', { maxCallers: 0 }, queue(), false],
		['one waits longer', { maxWait: 60 }, queue(61), true],
		['one waits as long', { maxWait: 60 }, queue(60), false],
		['no threshold', {}, queue(10_000), false],
	])('%s', (_, rules, look, isTold) => {
		const changes = watch([[0, look]], rules).flat();
		expect(changes.map(({ event }) => event)).toEqual(isTold ? [QUEUE_EVENT] : []);
	});

	test('is told again after the time, also when it was calm in between', () => {
		const full = queue(10, 10);
		const calm = queue();
		const looks = [full, full, calm, full, full, full].map((look, minute): [number, Look] => [
			minute * MINUTE,
			look,
		]);
		const told = watch(looks, { maxCallers: 1, againAfterMs: 4 * MINUTE });
		expect(told.map((changes) => changes.length)).toEqual([1, 0, 0, 0, 1, 0]);
		expect(told[4]).toMatchObject([
			{ before: { waiting: 2 }, after: { waiting: 2 }, details: { name: 'Sales' } },
		]);
	});

	test('a caller whose time begins anew has waited since he was first seen', () => {
		const looks = [queue(50), queue(2), queue(null)].map((look, index): [number, Look] => [
			index * 30 * SECOND,
			look,
		]);
		const told = watch(looks, { maxWait: 100 });
		expect(told.map((changes) => changes.length)).toEqual([0, 0, 1]);
		expect(told[2]).toMatchObject([{ after: { waiting: 1, longestWait: 110 } }]);
	});
});

describe('whatever happens', () => {
	const kinds: Array<[Exclude<Kind, 'queue'>, string[]]> = [
		['trunk', ['online', 'offline']],
		['licence', ['valid', 'ending', 'ended']],
		['userStatus', ['Available', 'Away', '__proto__']],
		['error', ['x']],
	];
	const looks = fc.array(
		fc.tuple(
			fc.integer({ min: 1, max: 120 }),
			fc.record({
				subjects: fc.record(
					Object.fromEntries(
						kinds.map(([kind, values]) => [
							kind,
							fc.option(
								fc.uniqueArray(
									fc.record({
										key: fc.constantFrom('1', '2', '3', '__proto__', 'constructor'),
										value: fc.constantFrom(...values),
										details: fc.constant({}),
									}),
									{ selector: ({ key }) => key },
								),
							),
						]),
					),
				),
				queues: fc.option(
					fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 4 }).map((waits): QueueLook[] => [
						{
							queue: '800',
							name: '',
							details: {},
							callers: waits.map((waitingSeconds, callId) => ({ callId, waitingSeconds })),
						},
					]),
				),
			}) as fc.Arbitrary<Look>,
		),
		{ maxLength: 12 },
	);
	const rules = fc.record({
		confirmMs: fc.constantFrom(0, 30 * SECOND, 90 * SECOND),
		tellPresent: fc.boolean(),
		maxCallers: fc.constantFrom(0, 1, 3),
		maxWait: fc.constantFrom(30, 200),
		againAfterMs: fc.constantFrom(0, MINUTE, 5 * MINUTE),
	});

	/** Looks with their times, and all that was told with its time. */
	const told = (steps: Array<[number, Look]>, with_: Rules) => {
		let at = 0;
		const timed = steps.map(([seconds, look]): [number, Look] => [(at += seconds * SECOND), look]);
		return watch(timed, with_).flatMap((changes, index) =>
			changes.map((change) => ({ ...change, at: timed[index]![0], look: timed[index]![1] })),
		);
	};

	test('no two events of a subject say the same, unless it was gone', () => {
		fc.assert(
			fc.property(looks, rules, (steps, with_) => {
				const last = new Map<string, unknown>();
				for (const { kind, key, after, before } of told(steps, with_)) {
					if (kind === 'queue') continue;
					const name = `${kind} ${key}`;
					if (before !== null) expect(after).not.toBe(before);
					if (kind === 'error') expect(last.has(name)).toBe(false);
					last.set(name, after);
				}
			}),
		);
	});

	test('what is told is so at that moment', () => {
		fc.assert(
			fc.property(looks, rules, (steps, with_) => {
				for (const { kind, key, after, look } of told(steps, with_)) {
					if (kind === 'queue') continue;
					expect(look.subjects[kind]?.find((each) => each.key === key)?.value).toBe(after);
				}
			}),
		);
	});

	test('a queue is told at most as often as asked', () => {
		fc.assert(
			fc.property(looks, rules, (steps, with_) => {
				const times = told(steps, with_)
					.filter(({ kind }) => kind === 'queue')
					.map(({ at }) => at);
				for (const [index, at] of times.slice(1).entries())
					expect(at - times[index]!).toBeGreaterThanOrEqual(with_.againAfterMs);
			}),
		);
	});

	test('the same look twice tells nothing new, but for queues', () => {
		fc.assert(
			fc.property(looks, rules, (steps, with_) => {
				const again = steps.flatMap(
					([seconds, look]): Array<[number, Look]> => [
						[seconds, look],
						[0, look],
					],
				);
				const without = (all: Change[]) =>
					all.filter(({ kind }) => kind !== 'queue').map(({ event, key }) => `${event} ${key}`);
				expect(without(told(again, with_))).toEqual(without(told(steps, with_)));
			}),
		);
	});

	test('the memory has an end', () => {
		let memory: Memory = {};
		for (let look = 0; look < 4; look++) {
			const rows = Array.from({ length: MAX_SUBJECTS }, (_, index) =>
				subject(`${look} ${index}`, 'online'),
			);
			({ memory } = compare(memory, { subjects: { trunk: rows, error: rows } }, RULES, look));
		}
		expect(Object.keys(memory.told!.trunk!)).toHaveLength(MAX_SUBJECTS);
		expect(memory.appeared!.error).toHaveLength(MAX_SUBJECTS);
	});
});

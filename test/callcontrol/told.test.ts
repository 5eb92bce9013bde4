import fc from 'fast-check';
import {
	MAX_ENDED,
	MAX_TOLD_BYTES,
	MAX_TOLD_CALLS,
	MIN_ENDED_KEPT,
	Told,
	type ToldCall,
	type ToldJson,
} from '../../lib/callcontrol/calls/told';
import { leg } from './samples';

const NOW = Date.UTC(2026, 10, 27, 12);
const PBX = 'https://pbx.example.com';

const again = (told: Told, pbx = PBX) =>
	Told.read(JSON.parse(JSON.stringify(told.write(NOW))), pbx)!;

/** A call as a company has them. */
function call(callid: number, more: Partial<ToldCall> = {}): ToldCall {
	return {
		callid,
		era: 0,
		stay: '',
		steps: new Set(['ringing', 'answered by person']),
		given: new Set(),
		openedAt: NOW - 61_234,
		answeredAt: NOW - 51_234,
		answered: true,
		queue: '800',
		did: '442079460000',
		rang: ['101', '100'],
		agents: ['100'],
		waits: new Set(['800/4']),
		numbers: ['+4930123456'],
		leg: {
			dn: '100',
			dnType: 'Wextension',
			direction: 'inbound',
			connected: true,
			participant: leg({
				id: callid * 3,
				callid,
				status: 'Connected',
				party_caller_name: 'Gareth Llewellyn-Pugh',
				party_did: '442079460000',
				originated_by_dn: '10000',
			}),
		},
		...more,
	};
}

const bytesOf = (json: ToldJson) => Buffer.byteLength(JSON.stringify(json));

describe('what has been told', () => {
	test('is there again in the next process, whole', () => {
		const told = Told.begin(PBX, NOW);
		const era = told.eraFor(41);
		told.add(call(41, { era }));
		told.add(call(42, { stay: '100/7', steps: new Set(), openedAt: undefined, queue: undefined }));
		const { told: next, unreadable } = again(told);
		expect(unreadable).toBe(0);
		expect(next.origin).toBe('same');
		expect(next.at).toBe(NOW);
		const kept = next.open();
		expect(kept).toHaveLength(2);
		expect(kept[0]).toMatchObject({
			callid: 41,
			stay: '',
			steps: new Set(['ringing', 'answered by person']),
			openedAt: NOW - 61_234,
			answeredAt: NOW - 51_234,
			answered: true,
			queue: '800',
			did: '442079460000',
			rang: ['101', '100'],
			agents: ['100'],
			waits: new Set(['800/4']),
			numbers: ['+4930123456'],
			leg: {
				dn: '100',
				dnType: 'Wextension',
				direction: 'inbound',
				connected: true,
				participant: {
					party_caller_id: '+4930123456',
					party_caller_name: 'Gareth Llewellyn-Pugh',
					party_dn_type: 'Wexternalline',
					status: 'Connected',
				},
			},
		});
		expect(kept[1]).toMatchObject({ stay: '100/7', openedAt: undefined });
		expect(kept[1]!.queue).toBeUndefined();
		expect(next.nameOf(kept[0]!)).toBe(told.nameOf({ callid: 41, era }));
	});

	test('is there again field by field, also what is missing', () => {
		const participant = leg({
			id: 126,
			callid: 42,
			legid: 3,
			dn: '100',
			status: 'Ringing',
			party_caller_id: '+4930123456',
			party_caller_name: 'Ada | Lovelace, !e "%"',
			party_dn: '10000',
			party_dn_type: 'Wexternalline',
			originated_by_dn: 'ROUTER',
			referred_by_dn: '101',
			party_did: '+4930999',
			device_id: '',
		});
		const whole = call(42, {
			stay: '100/126',
			steps: new Set(['ringing', 'entered queue 800/4', 'transferred by 101']),
			did: '+4930999',
			numbers: ['+4930123456', '+44799', '102'],
			leg: {
				dn: '100',
				dnType: 'Wextension',
				direction: 'outbound',
				connected: false,
				participant,
			},
		});
		const bare = call(43, {
			era: 7,
			steps: new Set(),
			openedAt: undefined,
			answeredAt: undefined,
			answered: false,
			queue: undefined,
			did: undefined,
			rang: [],
			agents: [],
			waits: new Set(),
			numbers: [],
			leg: {
				dn: '101',
				direction: 'inbound',
				connected: false,
				participant: leg({
					...participant,
					dn: '101',
					callid: 43,
					party_caller_id: '',
					party_caller_name: '',
					party_dn: '',
					originated_by_dn: '',
					referred_by_dn: '',
					party_did: '',
				}),
			},
		});
		const told = Told.begin(PBX, NOW);
		told.add(whole);
		told.add(bare);
		const defined = (value: unknown) => structuredClone(JSON.parse(JSON.stringify(value)));
		const kept = again(told).told.open();
		expect(kept.map(({ steps, waits }) => [[...steps], [...waits]])).toEqual([
			[['ringing', 'entered queue 800/4', 'transferred by 101'], ['800/4']],
			[[], []],
		]);
		expect(kept.map(defined)).toEqual([whole, bare].map(defined));
		expect(kept[1]).not.toHaveProperty('queue');
		expect(kept[1]!.leg).not.toHaveProperty('dnType');
	});

	test.each([
		[true, false, 'inbound'],
		[false, true, 'inbound'],
		[false, false, 'outbound'],
	] as const)(
		'knows again whether a call was answered (%p), its leg connected (%p), and who called: %s',
		(answered, connected, direction) => {
			const told = Told.begin(PBX, NOW);
			told.add(call(1, { answered, leg: { ...call(1).leg, connected, direction } }));
			expect(again(told).told.open()[0]).toMatchObject({
				answered,
				leg: { connected, direction },
			});
		},
	);

	test.each([
		...['Wextension', 'Wexternalline', 'Wqueue', 'Wroutepoint', 'Wivr', 'Wringgroup'],
		...['Wparkextension', 'Wspecialmenu', 'Wsomething'],
	])('knows a DN of the type %s again, briefly where there are many', (dnType) => {
		const told = Told.begin(PBX, NOW);
		told.add(call(1, { leg: { ...call(1).leg, dnType } }));
		const [line] = told.write(NOW).calls;
		expect(line!.includes(dnType)).toBe(dnType === 'Wsomething');
		expect(again(told).told.open()[0]!.leg.dnType).toBe(dnType);
	});

	test.each([
		...['ringing', 'dialing', 'answered', 'answered by person', 'answered by program'],
		...['Connected', 'Ringing', 'Dialing', 'None', 'ended', '!e', '%21e', '!', 'a,b', 'ü\u0000|'],
	])('knows the step "%s" again', (step) => {
		const told = Told.begin(PBX, NOW);
		told.add(call(1, { steps: new Set([step, 'x']) }));
		expect([...again(told).told.open()[0]!.steps]).toEqual([step, 'x']);
	});

	test('keeps of a text that was cut within a character what is whole', () => {
		const told = Told.begin(PBX, NOW);
		told.add(call(1, { steps: new Set(['a\ud83db']), queue: '\udc00' }));
		const [kept] = again(told).told.open();
		expect([[...kept!.steps], kept!.queue]).toEqual([['ab'], undefined]);
	});

	test('keeps the latest of very many steps, of numbers and of who has rung', () => {
		const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
		const told = Told.begin(PBX, NOW);
		told.add(
			call(1, {
				steps: new Set(names(70)),
				rang: names(7),
				agents: names(6),
				waits: new Set(names(6)),
				numbers: names(6),
			}),
		);
		const [kept] = again(told).told.open();
		expect([...kept!.steps]).toEqual(names(70).slice(10));
		expect([kept!.rang, kept!.agents, [...kept!.waits]]).toEqual([
			names(7).slice(3),
			names(6).slice(2),
			names(6).slice(2),
		]);
		// The number of the leg, and the first four others.
		expect(kept!.numbers).toEqual(['+4930123456', 'n0', 'n1', 'n2', 'n3']);
		// Also where somebody else has written them.
		const json = told.write(NOW);
		const fields = json.calls[0]!.split('|');
		fields[3] = names(70).join(',');
		fields[21] = names(7).join(',');
		const [read] = Told.read({ ...json, calls: [fields.join('|')] }, PBX)!.told.open();
		expect([...read!.steps]).toEqual(names(70).slice(10));
		expect(read!.rang).toEqual(names(4));
	});

	test('is read as versions wrote it that did not keep who has rung', () => {
		const told = Told.begin(PBX, NOW);
		told.add(call(1));
		const json = told.write(NOW);
		const line = json.calls[0]!.split('|').slice(0, 21).join('|');
		const { told: next, unreadable } = Told.read({ ...json, calls: [line] }, PBX)!;
		expect(unreadable).toBe(0);
		expect(next.open()).toMatchObject([{ callid: 1, rang: [], agents: [], waits: new Set() }]);
	});

	test.each<[string, number, string]>([
		['the number of the call', 0, '-1'],
		['the number of the call is empty', 0, ''],
		['the number of the call is no whole one', 0, '1.5'],
		['the era', 1, 'x'],
		['the flags', 6, ''],
		['the DN', 7, ''],
		['the id of the leg', 8, 'x'],
		['the DN cannot be decoded, and', 7, '%'],
		['what is too long for a name', 12, 'a'.repeat(8_000)],
	])('leaves a line out where %s is none', (_, at, value) => {
		const told = Told.begin(PBX, NOW);
		told.add(call(1));
		const json = told.write(NOW);
		const fields = json.calls[0]!.split('|');
		fields[at] = value;
		const read = Told.read({ ...json, calls: [fields.join('|')] }, PBX)!;
		expect([read.told.open(), read.unreadable]).toEqual([[], 1]);
	});

	test.each(['', '!', 'A', '1234567890', '-1', '1.5'])(
		'does not know a time that is none: "%s"',
		(value) => {
			const told = Told.begin(PBX, NOW);
			told.add(call(1));
			const json = told.write(NOW);
			const fields = json.calls[0]!.split('|');
			fields[4] = value;
			const [kept] = Told.read({ ...json, calls: [fields.join('|')] }, PBX)!.told.open();
			expect([kept!.openedAt, kept!.answeredAt]).toEqual([undefined, NOW - 51_234]);
		},
	);

	test('knows what was said of the time: since when something is missing, and when it was written', () => {
		const told = Told.begin(PBX, NOW);
		told.gap = NOW - 5_000;
		const json = told.write(NOW);
		expect(json).toMatchObject({ v: 1, pbx: PBX, at: NOW, gap: NOW - 5_000, calls: [] });
		expect(json).not.toHaveProperty('ended');
		expect(json).not.toHaveProperty('forgottenUntil');
		const { told: next } = again(told, 'https://other.example.com');
		expect([next.gap, next.at, next.origin, next.hasBegun]).toEqual([
			NOW - 5_000,
			NOW,
			'other',
			false,
		]);
		const odd = { ...json, gap: 'x', at: -1, forgottenUntil: 1.5, calls: 'x', ended: 5 };
		const { told: read } = Told.read(odd, PBX)!;
		expect([read.gap, read.at, read.forgottenUntil, read.open(), read.lately(NOW)]).toEqual([
			undefined,
			undefined,
			0,
			[],
			[],
		]);
		expect(Told.begin(PBX, NOW).write(NOW)).not.toHaveProperty('gap');
	});

	test('says that there is something else to write whenever there is', () => {
		const told = Told.begin(PBX, NOW);
		const versions = [told.version];
		const one = call(1);
		for (const act of [
			() => told.add(one),
			() => told.touch(one),
			() => told.eraFor(1),
			() => told.forget(one),
			() => told.noteEnded({ callid: 1, numbers: [], dns: [] }),
		]) {
			act();
			versions.push(told.version);
		}
		expect(versions).toEqual([...new Set(versions)]);
		expect(versions).toEqual([...versions].sort((a, b) => a - b));
	});

	test('is written as it is now, after it has been written before', () => {
		const told = Told.begin(PBX, NOW);
		const one = call(1);
		told.add(one);
		told.write(NOW);
		one.steps.add('ended');
		told.touch(one);
		expect([...again(told).told.open()[0]!.steps]).toContain('ended');
		told.forget(one);
		expect(told.find(1, 0, '')).toBeUndefined();
		expect(told.write(NOW).calls).toEqual([]);
	});

	test('forgets the oldest of too many calls', () => {
		const told = Told.begin(PBX, NOW);
		for (let id = 1; id <= MAX_TOLD_CALLS + 1; id += 1) told.add(call(id));
		expect(told.open()).toHaveLength(MAX_TOLD_CALLS);
		expect([told.find(1, 0, ''), told.find(2, 0, '')?.callid]).toEqual([undefined, 2]);
	});

	test('stays under 64 kB with 500 calls up, names and all', () => {
		const told = Told.begin(PBX, NOW);
		for (let id = 0; id < 500; id += 1)
			told.add(call(41_000 + id, { era: told.eraFor(41_000 + id) }));
		expect(bytesOf(told.write(NOW))).toBeLessThan(64_000);
		const kept = again(told).told.open();
		expect(kept).toHaveLength(500);
		expect(kept[0]!.leg.participant.party_caller_id).toBe('+4930123456');
	});

	test('gives up names first, then what is not needed to recognise a call, then the oldest calls', () => {
		const kept = (calls: number) => {
			const told = Told.begin(PBX, NOW);
			for (let id = 1; id <= calls; id += 1) told.add(call(id));
			const json = told.write(NOW);
			expect(bytesOf(json)).toBeLessThanOrEqual(MAX_TOLD_BYTES);
			return again(told).told.open();
		};
		expect(kept(100)[0]!.leg.participant.party_caller_name).not.toBe('');
		expect(kept(500)[0]).toMatchObject({ did: '442079460000' });
		expect(kept(700)[0]!.leg.participant).toMatchObject({
			party_caller_name: '',
			party_caller_id: '+4930123456',
		});
		const many = kept(2 * MAX_TOLD_CALLS);
		expect(many.at(-1)!.callid).toBe(2 * MAX_TOLD_CALLS);
		expect(many.length).toBeGreaterThan(500);
	});

	describe('calls that have ended', () => {
		const ended = (callid: number, endedAt: number) => ({
			callid,
			openedAt: endedAt - 5_000,
			endedAt,
			numbers: ['+441632960123'],
			dns: ['100'],
		});
		const withEnds = (count: number) => {
			const told = Told.begin(PBX, NOW);
			for (let id = 1; id <= count; id += 1) told.noteEnded(ended(id, NOW - 10_000 + id));
			return told;
		};

		test('are known while there are not too many; then it is known until when they are not', () => {
			const few = withEnds(50);
			expect([few.lately(NOW).length, few.forgottenUntil]).toEqual([50, 0]);
			expect(again(few).told.forgottenUntil).toBe(0);

			const many = withEnds(MAX_ENDED + 3);
			expect([many.lately(NOW).length, many.forgottenUntil]).toEqual([MAX_ENDED, NOW - 10_000 + 3]);

			// In the next process as many as there is room for.
			const next = again(many).told;
			const known = next.lately(NOW).length;
			expect(known).toBeGreaterThan(500);
			expect(next.forgottenUntil).toBe(NOW - 10_000 + MAX_ENDED + 3 - known);
			expect(bytesOf(many.write(NOW))).toBeLessThanOrEqual(MAX_TOLD_BYTES);
		});

		test('in whatever order they were told: none is taken for known that is not kept', () => {
			fc.assert(
				fc.property(fc.array(fc.integer({ min: 1, max: 500_000 }), { maxLength: 400 }), (ages) => {
					const told = Told.begin(PBX, NOW);
					ages.forEach((age, at) => told.noteEnded(ended(at + 1, NOW - age)));
					const next = again(told).told;
					const known = new Set(next.lately(NOW).map(({ callid }) => callid));
					ages.forEach((age, at) => {
						expect(known.has(at + 1) || NOW - age <= next.forgottenUntil).toBe(true);
					});
				}),
			);
		});

		test('have a place also when the phone system is full', () => {
			const told = withEnds(MAX_ENDED);
			for (let id = 0; id < MAX_TOLD_CALLS; id += 1) told.add(call(50_000 + id));
			expect(bytesOf(told.write(NOW))).toBeLessThanOrEqual(MAX_TOLD_BYTES);
			expect(again(told).told.lately(NOW).length).toBeGreaterThanOrEqual(MIN_ENDED_KEPT);
		});

		test('longer ago than the next process looks back are not kept, and it is known until when', () => {
			const told = withEnds(5);
			const next = Told.read(told.write(NOW + 300_000), PBX)!.told;
			expect(next.lately(NOW + 300_000)).toEqual([]);
			expect(next.forgottenUntil).toBe(NOW - 10_000 + 5);
			expect(told.lately(NOW + 300_000)).toHaveLength(5);
		});

		test('are known as long as a gap is filled in, however late', () => {
			const told = withEnds(5);
			told.gap = NOW;
			expect(told.lately(NOW + 3_600_000)).toHaveLength(5);
			told.gap = undefined;
			expect(told.lately(NOW + 3_600_000)).toEqual([]);
			expect(told.forgottenUntil).toBe(NOW - 10_000 + 5);
		});
	});

	test('is bounded and readable, whatever callers call themselves', () => {
		const text = fc.string({ unit: 'binary', maxLength: 300 });
		fc.assert(
			fc.property(
				fc.array(fc.tuple(text, text, text, fc.array(text, { maxLength: 100 })), { maxLength: 60 }),
				(calls) => {
					const told = Told.begin(PBX, NOW);
					calls.forEach(([name, number, did, steps], id) =>
						told.add(
							call(id, {
								did,
								numbers: [number, name, did],
								steps: new Set(steps),
								leg: {
									...call(id).leg,
									participant: leg({ party_caller_name: name, party_caller_id: number }),
								},
							}),
						),
					);
					const json = told.write(NOW);
					expect(bytesOf(json)).toBeLessThanOrEqual(MAX_TOLD_BYTES);
					const { told: next, unreadable } = again(told);
					expect(unreadable).toBe(0);
					// Writing what was read gives the same: nothing creeps in or wears off.
					expect(next.write(NOW)).toEqual(again(next).told.write(NOW));
				},
			),
			{ numRuns: 100 },
		);
	});

	test.each<[string, unknown]>([
		['nothing', undefined],
		['null', null],
		['a text', 'told'],
		['another version', { ...Told.begin(PBX, NOW).write(NOW), v: 2 }],
		['cut short', { v: 1, pbx: PBX }],
		['times that are none', { ...Told.begin(PBX, NOW).write(NOW), since: '../..' }],
		['times that are none at their end', { ...Told.begin(PBX, NOW).write(NOW), since: 'k1!' }],
		['times that are too long', { ...Told.begin(PBX, NOW).write(NOW), since: 'k'.repeat(12) }],
		['times that are numbers', { ...Told.begin(PBX, NOW).write(NOW), since: 5 }],
		['negative eras', { ...Told.begin(PBX, NOW).write(NOW), era: -1 }],
		['numbers that are none', { ...Told.begin(PBX, NOW).write(NOW), top: 1.5 }],
		['used numbers that are no text', { ...Told.begin(PBX, NOW).write(NOW), used: 5 }],
		['used numbers that are none', { ...Told.begin(PBX, NOW).write(NOW), used: 'fg' }],
		['used numbers that are none before', { ...Told.begin(PBX, NOW).write(NOW), used: 'gf' }],
		[
			'more used numbers than are kept',
			{ ...Told.begin(PBX, NOW).write(NOW), used: 'f'.repeat(257) },
		],
	])('is not there when it is %s', (_, json) => {
		expect(Told.read(json, PBX)).toBeUndefined();
	});

	test('leaves out lines that are none, and says how many', () => {
		const told = Told.begin(PBX, NOW);
		told.add(call(1));
		const json = told.write(NOW);
		const [line] = json.calls;
		const calls = [
			line,
			line!.slice(0, -5),
			'',
			5,
			null,
			'x'.repeat(100_000),
			line!.replace('1', 'x'),
		];
		const read = Told.read({ ...json, calls }, PBX)!;
		expect(read.told.open()).toHaveLength(1);
		expect(read.unreadable).toBeGreaterThanOrEqual(5);
	});

	test('whatever it is given, it does not fail', () => {
		const base = Told.begin(PBX, NOW).write(NOW);
		fc.assert(
			fc.property(
				fc.anything(),
				fc.array(fc.string({ unit: 'binary' })),
				fc.array(fc.array(fc.string(), { minLength: 21, maxLength: 21 })),
				(value, lines, fields) => {
					Told.read(value, PBX);
					const calls = [...lines, ...fields.map((each) => each.join('|'))];
					const read = Told.read({ ...base, calls, used: 'ffff', top: 7 }, PBX)!;
					expect(bytesOf(read.told.write(NOW))).toBeLessThanOrEqual(MAX_TOLD_BYTES);
				},
			),
			{ numRuns: 300 },
		);
	});
});

describe('the names of calls', () => {
	test('are the same in all processes that have read the same', () => {
		const told = Told.begin(PBX, NOW);
		for (const id of [5, 6, 7]) told.eraFor(id);
		const [one, two] = [again(told).told, again(told).told];
		for (const id of [8, 9, 6, 7, 1]) {
			expect(one.nameOf({ callid: id, era: one.eraFor(id) })).toBe(
				two.nameOf({ callid: id, era: two.eraFor(id) }),
			);
		}
	});

	test('are never given twice: the PBX restarts, counts anew, goes ahead, and processes come and go', () => {
		const step = fc.oneof(
			{ weight: 10, arbitrary: fc.record({ kind: fc.constant('call'), ahead: fc.nat(40) }) },
			{ weight: 1, arbitrary: fc.record({ kind: fc.constant('pbx restarts'), ahead: fc.nat(3) }) },
			{ weight: 2, arbitrary: fc.record({ kind: fc.constant('n8n restarts'), ahead: fc.nat(1) }) },
			{ weight: 1, arbitrary: fc.record({ kind: fc.constant('other pbx'), ahead: fc.nat(3_000) }) },
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
				let told = Told.begin(PBX, NOW);
				let next = 1;
				const names = new Set<string>();
				let calls = 0;
				for (const { kind, ahead } of steps) {
					if (kind === 'n8n restarts') told = again(told).told;
					else if (kind === 'other pbx') {
						told = again(told, `https://${ahead}.example.com`).told;
						next = ahead;
					} else if (kind === 'pbx restarts') next = 1 + ahead;
					else {
						next += 1 + ahead;
						calls += 1;
						names.add(told.nameOf({ callid: next, era: told.eraFor(next) }));
					}
				}
				expect(names.size).toBe(calls);
			}),
			{ numRuns: 300 },
		);
	});

	test('say when the eras began to be counted, and which one it is after the first', () => {
		const told = Told.begin(PBX, NOW);
		expect(told.nameOf({ callid: 7, era: 0 })).toBe(`7@${NOW.toString(36)}`);
		expect(told.nameOf({ callid: 7, era: 2 })).toBe(`7@${NOW.toString(36)}.2`);
	});

	test('are of a new era where a number comes again, or one from so long ago that nobody knows', () => {
		const told = Told.begin(PBX, NOW);
		expect([1, 5_000, 4_000, 3_977].map((id) => told.eraFor(id))).toEqual([0, 0, 0, 0]);
		// 1,024 below the highest: taken for used.
		expect(told.eraFor(3_976)).toBe(1);
		expect([5_000, 4_000, 3_976].map((id) => told.eraFor(id))).toEqual([1, 1, 2]);
		// The new era has had none of the numbers of the old one.
		expect([5_000, 4_000, 5_000].map((id) => told.eraFor(id))).toEqual([2, 2, 3]);
	});

	test('are kept bit by bit: which of the latest numbers have been used', () => {
		const told = Told.begin(PBX, NOW);
		for (const id of [976, 977, 1_990, 1_996, 1_999, 2_000]) told.eraFor(id);
		const json = told.write(NOW);
		expect([json.top, json.used]).toEqual([2_000, `314${'0'.repeat(252)}8`]);
		const fresh = (id: number) => again(told).told.eraFor(id) === 0;
		const ids = [2_000, 1_999, 1_998, 1_996, 1_995, 1_990, 1_989, 978, 977, 976, 975];
		expect(ids.filter(fresh)).toEqual([1_998, 1_995, 1_989, 978]);
	});

	test('are told apart by a bounded memory, however many calls there are', () => {
		const told = Told.begin(PBX, NOW);
		for (let id = 1; id <= 5_000; id += 1) expect(told.eraFor(id)).toBe(0);
		expect(told.write(NOW).used).toBe('f'.repeat(256));
		expect(told.eraFor(3_977)).toBe(1);
	});

	test('do not mind calls that come a little out of order', () => {
		const told = Told.begin(PBX, NOW);
		expect([3, 1, 2, 900, 5, 4].map((id) => told.eraFor(id))).toEqual([0, 0, 0, 0, 0, 0]);
	});

	test('knows calls that have ended again in the next process, to the second', () => {
		const at = fc.option(fc.integer({ min: NOW - 60_000, max: NOW }), { nil: undefined });
		fc.assert(
			fc.property(at, at, fc.boolean(), (openedAt, endedAt, isLogged) => {
				const told = Told.begin(PBX, NOW);
				told.noteEnded({
					callid: 7,
					isLogged,
					openedAt,
					endedAt,
					numbers: ['+4930123456'],
					dns: ['100'],
				});
				const [known] = again(told).told.known(NOW);
				expect(known).toMatchObject({ callid: 7, numbers: ['30123456'], dns: ['100'] });
				expect(known!.isLogged === true).toBe(isLogged);
				expect(known!.openedAt).toBe(openedAt);
				if (endedAt === undefined) expect(known!.endedAt).toBeUndefined();
				else expect(Math.abs(known!.endedAt! - endedAt)).toBeLessThanOrEqual(500);
			}),
		);
	});

	test('knows calls that have ended by four numbers and DNs at most, and says whose number it is', () => {
		const told = Told.begin(PBX, NOW);
		const texts = (text: string) => Array.from({ length: 6 }, (_, at) => `${text}${at}`);
		told.noteEnded({
			callid: 7,
			isLogged: true,
			openedAt: NOW - 9_400,
			endedAt: NOW - 1_000,
			numbers: texts('+44163296012'),
			dns: texts('10'),
		});
		told.noteEnded({ callid: 8, openedAt: NOW, endedAt: NOW - 500, numbers: [], dns: [] });
		expect(again(told).told.lately(NOW)).toEqual([
			{
				callid: 7,
				isLogged: true,
				openedAt: NOW - 9_400,
				endedAt: NOW - 9_400 + 8_000,
				numbers: ['32960120', '32960121', '32960122', '32960123'],
				dns: ['100', '101', '102', '103'],
			},
			{ callid: 8, openedAt: NOW, endedAt: NOW - 500, numbers: [], dns: [] },
		]);
	});

	test.each<[string, unknown]>([
		['no text', 5],
		['too long', `7|||${'1'.repeat(8_000)}|`],
		['too short', '7|||'],
		['of too many fields', '7|||||'],
		['without a number', '|||1|'],
		['of another number', 'L|||1|'],
		['of a number with something before it', 'x7|||1|'],
		['of a number with something behind it', '7x|||1|'],
		['of a number that is too long', '1234567890123456|||1|'],
	])('leaves out a call that has ended whose line is %s', (_, line) => {
		const json = Told.begin(PBX, NOW).write(NOW);
		const end = NOW.toString(36);
		const ended = [line, `9||${end}||`, `L123456789012345||${end}|5|6`];
		const { told } = Told.read({ ...json, ended }, PBX)!;
		expect(told.lately(NOW)).toEqual([
			{ callid: 9, openedAt: undefined, endedAt: NOW, numbers: [], dns: [] },
			{
				callid: 123456789012345,
				isLogged: true,
				openedAt: undefined,
				endedAt: NOW,
				numbers: ['5'],
				dns: ['6'],
			},
		]);
	});

	test('does not know how long a call took of which it is not known when it began', () => {
		const json = Told.begin(PBX, NOW).write(NOW);
		const { told } = Told.read({ ...json, ended: ['9||+5||', '8|k|+!||'] }, PBX)!;
		expect(told.known(NOW).map(({ endedAt }) => endedAt)).toEqual([undefined, undefined]);
	});

	test('keeps calls of the log in mind that have been handed on, while there are not too many', () => {
		const told = Told.begin(PBX, NOW);
		const handed = Array.from({ length: MAX_ENDED + 2 }, (_, at) => ({
			callid: at + 1,
			endedAt: NOW - 5_000 + at,
			numbers: [],
			dns: [],
		}));
		for (const each of handed.slice(0, MAX_ENDED)) told.handOn(each, true);
		expect([told.known(NOW).length, told.forgottenUntil]).toEqual([MAX_ENDED, 0]);
		for (const each of handed.slice(MAX_ENDED)) told.handOn(each, true);
		expect([told.known(NOW).length, told.forgottenUntil]).toEqual([MAX_ENDED, NOW - 5_000 + 1]);
		// One that has been told is there once.
		told.noteEnded(handed.at(-1)!);
		expect(told.known(NOW)).toHaveLength(MAX_ENDED);
		expect(told.lately(NOW)).toHaveLength(1);
	});

	test('says what is missing for the next process: the end that waits to be told, or the gap, whichever is older', () => {
		const told = Told.begin(PBX, NOW);
		const call = (endedAt?: number) => ({ callid: 1, endedAt, numbers: [], dns: [] });
		const gapOf = () => told.write(NOW).gap;
		expect(gapOf()).toBeUndefined();
		told.handOn(call(NOW - 9_000), false);
		told.handOn(call(), true);
		expect(gapOf()).toBeUndefined();
		const waiting = call(NOW - 3_000);
		told.handOn(waiting, true);
		told.handOn(call(NOW - 2_000), true);
		expect(gapOf()).toBe(NOW - 3_000);
		told.gap = NOW - 1_000;
		expect(gapOf()).toBe(NOW - 3_000);
		told.gap = NOW - 4_000;
		expect(gapOf()).toBe(NOW - 4_000);
		told.gap = undefined;
		told.noteEnded(waiting);
		expect(gapOf()).toBe(NOW - 2_000);
	});

	test('knows calls for ten minutes after their end, and one whose end is not known', () => {
		const told = Told.begin(PBX, NOW);
		for (const endedAt of [NOW - 600_000, NOW - 599_999, undefined])
			told.noteEnded({ callid: 1, endedAt, numbers: [], dns: [] });
		expect(told.known(NOW).map(({ endedAt }) => endedAt)).toEqual([undefined, NOW - 599_999]);
		expect(told.forgottenUntil).toBe(NOW - 600_000);
	});

	test('where not all fit, leaves out the calls that ended first, in whatever order they were told', () => {
		const told = Told.begin(PBX, NOW);
		const ends = Array.from({ length: MAX_ENDED }, (_, at) => NOW - 10 * at);
		for (const [callid, endedAt] of ends.entries())
			told.noteEnded({
				callid,
				openedAt: endedAt - 5_000,
				endedAt,
				numbers: ['+4930123456'],
				dns: ['100'],
			});
		const { told: next } = again(told);
		const kept = next.lately(NOW).map(({ endedAt }) => endedAt!);
		expect(kept.length).toBeGreaterThan(MIN_ENDED_KEPT);
		expect(kept.length).toBeLessThan(MAX_ENDED);
		expect(next.forgottenUntil).toBeLessThanOrEqual(Math.min(...kept) + 500);
		expect(Math.max(...kept)).toBeGreaterThan(NOW - 500);
	});
});

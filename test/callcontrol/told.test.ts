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
		['negative eras', { ...Told.begin(PBX, NOW).write(NOW), era: -1 }],
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

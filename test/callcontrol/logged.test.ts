import { eventsOf, stepsOf, toEnded } from '../../lib/callcontrol/calls/logged';
import { loggedCall } from '../../lib/history/missed';
import { loggedCallsIn } from '../../lib/xapi/callLog';
import type { Entity } from '../../lib/xapi/entities';
import { callEvent } from './samples';

/** What becomes of a call of the log that nobody saw. */

const T = Date.UTC(2026, 10, 27, 12);

/** A leg that began so many seconds after the call, rang for 5 s, and was talked on for 10 s if it was answered. */
const row = (after: number, more: Entity = {}): Entity => ({
	MainCallHistoryId: 'log-1',
	CdrId: `cdr-${after}`,
	CallId: 41,
	SegmentId: after + 1,
	StartTime: new Date(T + 1_000 * after).toISOString(),
	SourceDn: '10000',
	SourceCallerId: '+4930123456',
	SourceDisplayName: 'Ada Lovelace',
	DestinationDn: '100',
	DestinationCallerId: '100',
	DestinationDisplayName: 'Grace Hopper',
	RingingDuration: 'PT5S',
	TalkingDuration: more.Answered === true ? 'PT10S' : 'PT0S',
	Answered: false,
	Direction: 'Inbound',
	CallType: 'Extension',
	...more,
});

const callOf = (...rows: Entity[]) => loggedCall(loggedCallsIn(rows)[0]!, 0);

const ends = (...rows: Entity[]) => eventsOf(callOf(...rows));

describe('the end of a call', () => {
	test('from outside is that of the one who was called', () => {
		const [end, ...others] = ends(row(0, { Answered: true }));
		expect(others).toEqual([]);
		expect(end).toEqual({
			kind: 'call',
			id: 'log log-1/100',
			type: 'ended',
			at: T + 15_000,
			recovered: true,
			leg: {
				dn: '100',
				dnType: 'Wextension',
				direction: 'inbound',
				participant: expect.objectContaining({
					status: 'Connected',
					dn: '100',
					party_caller_name: 'Ada Lovelace',
					party_caller_id: '+4930123456',
					party_dn: '10000',
					party_dn_type: 'Wexternalline',
					callid: 41,
					originated_by_dn: '',
				}),
				openedAt: T,
				connectedAt: T + 5_000,
				connected: true,
				siblings: 0,
				seesParty: false,
			},
			call: {
				id: 41,
				key: 'log log-1',
				openedAt: T,
				answeredAt: T + 5_000,
				answered: true,
				rang: ['100'],
				agents: [],
				legs: 0,
				over: true,
			},
		});
	});

	test('to outside is that of the caller', () => {
		const called = {
			Direction: 'Outbound',
			SourceDn: '100',
			SourceCallerId: '',
			SourceDisplayName: 'Grace Hopper',
			DestinationDn: '10000',
			DestinationCallerId: '+4930123456',
			DestinationDisplayName: 'Ada Lovelace',
			CallType: 'External',
		};
		const all = ends(row(0, called));
		expect(all).toHaveLength(1);
		expect(all[0]!.leg).toMatchObject({
			dn: '100',
			dnType: 'Wextension',
			direction: 'outbound',
			connected: false,
			participant: {
				status: 'Dialing',
				party_caller_name: 'Ada Lovelace',
				party_caller_id: '+4930123456',
				party_dn: '10000',
				party_dn_type: 'Wexternalline',
				originated_by_dn: '100',
			},
		});
		expect(all[0]!.leg.connectedAt).toBeUndefined();
		expect(all[0]!.call.answered).toBe(false);
	});

	test('inside is that of both, who show each other', () => {
		const inside = {
			Direction: 'Internal',
			SourceDn: '101',
			SourceCallerId: '',
			SourceDisplayName: 'Ada Lovelace',
			DestinationCallerId: '',
		};
		const all = ends(row(0, inside));
		expect(
			all.map(({ leg: { dn, direction, participant } }) => [dn, direction, participant]),
		).toEqual([
			[
				'100',
				'inbound',
				expect.objectContaining({
					status: 'Ringing',
					party_dn: '101',
					party_caller_id: '101',
					party_caller_name: 'Ada Lovelace',
					party_dn_type: 'Wextension',
					originated_by_dn: '',
				}),
			],
			[
				'101',
				'outbound',
				expect.objectContaining({
					status: 'Dialing',
					party_dn: '100',
					party_caller_id: '100',
					party_caller_name: 'Grace Hopper',
					party_dn_type: 'Wextension',
					originated_by_dn: '101',
				}),
			],
		]);
	});

	test.each([
		['Digital Receptionist', 'Wivr'],
		['External', 'Wexternalline'],
		['IVR', 'Wivr'],
		['Parking', 'Wparkextension'],
		['Queue', 'Wqueue'],
		['Ring Group', 'Wringgroup'],
		['Voicemail', 'Wspecialmenu'],
		['Extension', 'Wextension'],
		['a type of the future', 'Wextension'],
		[undefined, 'Wextension'],
		[5, 'Wextension'],
	])('at "%s" is that of a %s, for the caller, too', (CallType, type) => {
		expect(ends(row(0, { CallType }))[0]!.leg.dnType).toBe(type);
		const [called, caller] = ends(row(0, { CallType, Direction: 'Internal', SourceDn: '101' }));
		expect([called!.leg.dnType, caller!.leg.dnType]).toEqual([type, 'Wextension']);
		expect(caller!.leg.participant.party_dn_type).toBe(type);
	});

	test.each<[string, Entity[], number]>([
		['the leg that it took', [row(0), row(10, { Answered: true }), row(40)], T + 25_000],
		[
			'the first leg that it took',
			[row(0, { Answered: true }), row(20, { Answered: true })],
			T + 15_000,
		],
		['the first leg where it took none', [row(0), row(10)], T + 5_000],
	])('of an extension that rang more than once is there once, with %s', (_, rows, at) => {
		const all = ends(...rows);
		expect(all.map(({ leg: { dn } }) => dn)).toEqual(['100']);
		expect(all[0]!.at).toBe(at);
	});

	test('that came over a queue names it, and who rang for it', () => {
		const all = ends(
			row(0, { DestinationDn: '105' }),
			row(5, { DestinationDn: '800', CallType: 'Queue', Answered: true, TalkingDuration: 'PT1S' }),
			row(10, { DestinationDn: '101' }),
			row(20, { DestinationDn: '102', Answered: true }),
			row(40, { DestinationDn: '700', CallType: 'IVR' }),
		);
		expect(all.map(({ leg: { dn } }) => dn)).toEqual(['105', '800', '101', '102', '700']);
		for (const { call } of all)
			expect(call).toMatchObject({
				queue: '800',
				rang: ['105', '101', '102'],
				agents: ['101', '102'],
				// The queue is no person.
				answeredAt: T + 25_000,
			});
	});

	test('without what a row should have is read all the same', () => {
		const [end] = ends({ CallId: null, DestinationDn: 100, Direction: 'Inbound' });
		expect(end).toMatchObject({
			leg: { dn: '100', connected: false, participant: { party_caller_id: '', party_dn: '' } },
			call: { answered: false, rang: [], agents: [] },
		});
		expect(end!.call).not.toHaveProperty('queue');
	});
});

describe('what led to an end', () => {
	const at = { openedAt: 1_000, connectedAt: 4_000 };
	const end = callEvent({
		id: 'log log-1/100',
		type: 'ended',
		at: 9_000,
		leg: { ...at, connected: true },
		call: { key: 'log log-1', openedAt: 500, answeredAt: 3_000, answered: true },
	});
	const lines = (...args: Parameters<typeof stepsOf>) =>
		stepsOf(...args).map((step) => `${step.at} ${step.type} ${step.id}`);

	test('of a call are the times of the call, under its name', () => {
		expect(lines(end, 'call')).toEqual([
			'500 ringing log log-1/ringing',
			'3000 answered log log-1/answered',
			'9000 ended log log-1/ended',
		]);
	});

	test('of an extension are its own, under its name', () => {
		expect(lines(end, 'leg')).toEqual([
			'1000 ringing log log-1/100/ringing',
			'4000 answered log log-1/100/answered',
			'9000 ended log log-1/100/ended',
		]);
	});

	test.each(['call', 'leg'] as const)(
		'is that it dialled, and no answer where there was none, by %s',
		(granularity) => {
			const missed = callEvent({
				id: 'log log-1/100',
				type: 'ended',
				at: 9_000,
				leg: { direction: 'outbound' },
				call: { key: 'log log-1/100' },
			});
			expect(lines(missed, granularity)).toEqual([
				'9000 dialing log log-1/100/dialing',
				'9000 ended log log-1/100/ended',
			]);
		},
	);
});

describe('a call of the log is recognised again', () => {
	test('by its number, times, the other side, and the DNs it was on', () => {
		const call = callOf(
			row(0, { CallId: 0, Answered: true }),
			row(20, { SourceDn: '100', DestinationDn: '101' }),
		);
		expect(toEnded({ ...call, callids: [0, 41, 42] })).toEqual({
			callid: 41,
			isLogged: true,
			openedAt: T,
			endedAt: T + 25_000,
			numbers: ['+4930123456'],
			dns: ['100', '10000', '101'],
		});
	});

	test('to outside by the number that was called', () => {
		const [out] = [callOf(row(0, { Direction: 'Outbound', DestinationCallerId: '+44799' }))];
		expect(toEnded(out!)).toMatchObject({ numbers: ['+44799'] });
	});

	test('without any of it, and by no more than four DNs', () => {
		const legs = [1, 2, 3].map((each) =>
			row(each, { SourceDn: `${each}00`, DestinationDn: `${each}01`, SourceCallerId: '' }),
		);
		const call = callOf(row(0, { SourceDn: '', SourceCallerId: '', DestinationDn: '' }), ...legs);
		expect(toEnded({ ...call, callids: [0] })).toMatchObject({
			callid: 0,
			numbers: [],
			dns: ['101', '100', '201', '200'],
		});
	});
});

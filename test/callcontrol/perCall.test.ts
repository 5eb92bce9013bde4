import { perCall } from '../../lib/callcontrol/calls/perCall';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import { callEvent, leg } from './samples';

/** What a watcher of whole calls is told of single events of legs. */

type Fields = Partial<CallEvent['leg']> & { id?: number; legid?: number; partyType?: string };

/** An event of a leg; `talks` where somebody talks on it. */
const event = (type: CallEvent['type'], dn: string, talks: boolean, more: Fields = {}) => {
	const { id = Number(dn), legid = 2, partyType = 'Wexternalline', ...fields } = more;
	return callEvent({
		type,
		id: `${dn} ${type}`,
		step: `${dn}.${type}`,
		leg: {
			dn,
			connected: talks,
			participant: leg({
				dn,
				id,
				legid,
				status: talks ? 'Connected' : 'Ringing',
				party_dn: partyType === 'Wexternalline' ? '10000' : '109',
				party_dn_type: partyType,
			}),
			...fields,
		},
	});
};

const line = ({ leg: { dn }, type, step }: CallEvent) => `${dn} ${type} (${step})`;

const told = (events: CallEvent[], dns?: string[]) =>
	events.flatMap(perCall((each) => dns?.includes(each.leg.dn) ?? true)).map(line);

test('a call rings once and dials once, however many phones do', () => {
	expect(
		told([
			event('ringing', '100', false),
			event('ringing', '101', false),
			event('dialing', '102', false, { direction: 'outbound' }),
			event('dialing', '103', false, { direction: 'outbound' }),
		]),
	).toEqual(['100 ringing (ringing)', '102 dialing (dialing)']);
});

test('a call that rang and was then transferred is answered by the one who has it', () => {
	expect(
		told([event('ringing', '100', false), event('transferred', '101', true)], ['100', '101']),
	).toEqual([
		'100 ringing (ringing)',
		'101 answered (answered by person)',
		'101 transferred (101.transferred)',
	]);
});

test.each(['transferred', 'pickedUp'] as const)(
	'a call that others have answered comes to the watcher when it is %s',
	(type) => {
		expect(told([event('answered', '100', true), event(type, '101', true)], ['101'])).toEqual([
			`101 ${type} (101.${type})`,
		]);
	},
);

test.each([
	[9, 3, '100'],
	[3, 9, '101'],
])(
	'of two who called the same one, of the legs %i and %i, the later has the call',
	(one, other, has) => {
		const out = { direction: 'outbound', partyType: 'Wextension', seesParty: true } as const;
		const events = [
			event('dialing', '100', true, { ...out, legid: one }),
			event('dialing', '101', true, { ...out, legid: other }),
			// With whom both of them talk.
			event('participantChanged', '109', true, { direction: 'outbound', seesParty: true }),
		];
		expect(told(events)).toContain(`${has} answered (answered by person)`);
	},
);

test('a program that answers is told, and the person to whom it passes the call', () => {
	expect(
		told([
			event('answered', '900', true, { dnType: 'Wroutepoint' }),
			event('participantChanged', '900', true, { dnType: 'Wroutepoint' }),
			event('ringing', '100', false),
			event('answered', '100', true),
			event('answered', '101', true),
			event('answered', '901', true, { dnType: 'Wroutepoint' }),
		]),
	).toEqual([
		'900 answered (answered by program)',
		'900 participantChanged (900.participantChanged)',
		'100 ringing (ringing)',
		'100 answered (answered by person)',
	]);
});

test('the caller waits for the one who was called, where both are seen', () => {
	const caller = { direction: 'outbound', partyType: 'Wextension', legid: 1 } as const;
	const called = { partyType: 'Wextension' };
	expect(
		told([event('answered', '100', true, caller), event('answered', '101', true, called)]),
	).toEqual(['101 answered (answered by person)']);
	// Out of sight, or not the watcher's.
	expect(told([event('answered', '100', true, { ...caller, seesParty: false })])).toEqual([
		'100 answered (answered by person)',
	]);
	expect(
		told([event('answered', '100', true, caller), event('answered', '109', true, called)], ['100']),
	).toEqual(['100 answered (answered by person)']);
});

test('a caller whose call goes to a program is answered by it', () => {
	const caller = { direction: 'outbound', partyType: 'Wroutepoint', seesParty: false } as const;
	expect(told([event('answered', '100', true, caller)])).toEqual([
		'100 answered (answered by program)',
	]);
});

test('who rings or dials has not answered, though the phone is connected', () => {
	expect(told([event('ringing', '100', true), event('answered', '100', true)])).toEqual([
		'100 ringing (ringing)',
		'100 answered (answered by person)',
	]);
});

test('who has hung up does not talk, and its end is not that of the call', () => {
	expect(
		told(
			[
				event('answered', '101', true, { partyType: 'Wextension' }),
				event('ended', '101', true),
				event('answered', '100', true, {
					direction: 'outbound',
					partyType: 'Wextension',
					participant: leg({
						dn: '100',
						status: 'Connected',
						party_dn: '101',
						party_dn_type: 'Wextension',
					}),
				}),
			],
			['100'],
		),
	).toEqual([]);
});

test('the end is that of the leg that took the call, under its own step, and leaves nothing', () => {
	const over = event('over', '105', false);
	const events = [
		event('ringing', '100', false),
		event('ringing', '101', false),
		event('answered', '101', true),
		event('ringing', '102', false),
		over,
		over,
	];
	expect(told(events)).toEqual([
		'100 ringing (ringing)',
		'101 answered (answered by person)',
		'101 ended (ended)',
	]);
	// Before anybody has taken it, the latest stands for it.
	expect(told([...events.slice(0, 2), over]).at(-1)).toBe('101 ended (ended)');
	expect(told([...events.slice(0, 2), over], ['100']).at(-1)).toBe('100 ended (ended)');
	expect(told([over])).toEqual([]);
});

test('an answer that another event shows has an id of its own', () => {
	const view = perCall(() => true);
	const ids = [event('participantChanged', '100', true)].flatMap(view).map(({ id }) => id);
	expect(ids).toEqual(['100 participantChanged.answered', '100 participantChanged']);
	expect(perCall(() => true)(event('answered', '100', true))[0]!.id).toBe('100 answered');
});

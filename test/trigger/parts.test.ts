import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { IDataObject, INodeProperties, ITriggerFunctions } from 'n8n-workflow';
import type { ToldEvent } from '../../lib/callcontrol/calls/teller';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import type { PbxClient } from '../../lib/http/client';
import { ManualClock } from '../support/clocks';
import { countryOptions, DefaultCountry, FROM_PBX } from '../../nodes/ThreeCxTrigger/countries';
import {
	asChosen,
	eventName,
	eventOptions,
	isAsked,
	isSheddable,
	laneOf,
	linkEvent,
	rawEvent,
	type TriggerEvent,
} from '../../nodes/ThreeCxTrigger/events';
import { ExtensionNames } from '../../nodes/ThreeCxTrigger/extensionNames';
import { wanted, type Filters } from '../../nodes/ThreeCxTrigger/filters';
import { toOutput } from '../../nodes/ThreeCxTrigger/output';
import { properties } from '../../nodes/ThreeCxTrigger/properties';
import { isWorthTelling } from '../../nodes/ThreeCxTrigger/queue';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import { Registrations } from '../../nodes/ThreeCxTrigger/registrations';
import { readSettings } from '../../nodes/ThreeCxTrigger/settings';
import { ThreeCxError } from '../../lib/http/errors';
import { callEvent, leg } from '../callcontrol/samples';

/** The parts of the trigger that need neither n8n nor a PBX. */

const settingsOf = (parameters: IDataObject) =>
	readSettings({
		getNodeParameter: (name: string, otherwise: unknown) => parameters[name] ?? otherwise,
	} as unknown as ITriggerFunctions);

describe('settings', () => {
	test('a panel that nobody has touched', () => {
		expect(settingsOf({ events: ['callRinging'] })).toEqual({
			events: new Set(['callRinging']),
			filters: {
				extensions: new Set(),
				dnTypes: new Set(),
				direction: undefined,
				external: undefined,
				callers: [],
				dids: [],
				queues: new Set(),
			},
			country: FROM_PBX,
			granularity: 'call',
			perPhone: new Set(),
			includeRaw: false,
			inFlight: 10,
			maxWaiting: 10_000,
			batch: 1,
			settleMs: 900_000,
			tellMissed: 'ended',
			tellsPause: true,
		});
	});

	test('a panel in which everything is set, lists as text, too', () => {
		expect(
			settingsOf({
				events: ' callRinging,callEnded;raw ',
				extensions: '100 101;102,',
				filters: {
					dnTypes: ['Wqueue', 'Wivr'],
					direction: 'outbound',
					otherSide: 'inside',
					caller: '+49 30*, 0171 *;anonymous\n112',
					did: [' +44 20 ', ''],
					queues: '800, 801',
				},
				options: {
					defaultCountry: 'GB',
					granularity: 'leg',
					perPhone: ['callRinging'],
					includeRaw: true,
					executionsInFlight: 3.9,
					maxWaiting: 1,
					waitingEvents: 'together',
					longestExecution: 1,
					tellMissed: 'everything',
					afterPause: 'now',
				},
			}),
		).toEqual({
			events: new Set(['callRinging', 'callEnded', 'raw']),
			filters: {
				extensions: new Set(['100', '101', '102']),
				dnTypes: new Set(['Wqueue', 'Wivr']),
				direction: 'outbound',
				external: false,
				callers: ['+49 30*', '0171 *', 'anonymous', '112'],
				dids: ['+44 20'],
				queues: new Set(['800', '801']),
			},
			country: 'GB',
			granularity: 'leg',
			perPhone: new Set(),
			includeRaw: true,
			inFlight: 3,
			maxWaiting: 1,
			batch: 500,
			settleMs: 60_000,
			tellMissed: 'everything',
			tellsPause: false,
		});
	});

	test.each<[string, IDataObject, IDataObject]>([
		['no country', { defaultCountry: '' }, { country: '' }],
		['none in flight', { executionsInFlight: 0 }, { inFlight: 10 }],
		[
			'a text for a number',
			{ executionsInFlight: '5', maxWaiting: '5' },
			{ inFlight: 10, maxWaiting: 10_000 },
		],
		['a word for a truth', { includeRaw: 'yes' }, { includeRaw: false }],
	])('%s', (_name, options, expected) => {
		expect(settingsOf({ events: ['raw'], options })).toMatchObject(expected);
	});

	test.each([
		['inbound', 'outside', 'inbound', true],
		['sideways', 'everywhere', undefined, undefined],
	])('direction %s and other side %s', (direction, otherSide, expected, external) => {
		const { filters } = settingsOf({ events: ['raw'], filters: { direction, otherSide } });
		expect(filters).toMatchObject({ direction: expected, external });
	});

	test.each([
		[[], 'No event is chosen'],
		[' , ', 'No event is chosen'],
		[['callRinging', 'callLost'], 'There is no event "callLost"'],
	])('%j as events is refused', (events, message) => {
		const attempt = () => settingsOf({ events });
		expect(attempt).toThrow(message);
		expect(attempt).toThrow(expect.objectContaining({ kind: 'input', field: 'events' }));
	});

	test('an event that phones do not have is refused', () => {
		const attempt = () =>
			settingsOf({ events: ['raw'], options: { perPhone: ['callRinging', 'connectionLost'] } });
		expect(attempt).toThrow('"connectionLost" cannot be told for each phone');
		expect(attempt).toThrow(expect.objectContaining({ kind: 'input', field: 'perPhone' }));
	});
});

describe('the panel', () => {
	const all = (fields: INodeProperties[]): INodeProperties[] =>
		fields.flatMap((field) => [
			field,
			...(field.type === 'collection' ? all(field.options as INodeProperties[]) : []),
		]);
	const choices = (field: INodeProperties) =>
		(field.options ?? []).map((option) => (option as { value?: unknown }).value);

	test('every default is a choice, and every choice has a name and a value of its own', () => {
		const lists = all(properties).filter(({ type }) => /options$/i.test(type));
		expect(lists.map(({ name }) => name).sort()).toEqual(
			[
				'afterPause',
				'dnTypes',
				'direction',
				'tellMissed',
				'otherSide',
				'perPhone',
				'events',
				'extensions',
				'queues',
				'defaultCountry',
				'granularity',
				'waitingEvents',
			].sort(),
		);
		for (const field of lists.filter(({ typeOptions }) => !typeOptions?.loadOptionsMethod)) {
			const values = choices(field);
			expect(values.length).toBeGreaterThan(1);
			expect(new Set(values).size).toBe(values.length);
			expect(values.every((value) => typeof value === 'string')).toBe(true);
			for (const value of [field.default].flat()) expect(values).toContain(value);
			for (const option of field.options ?? []) expect(option.name).toMatch(/\S/);
		}
	});

	test('every field has a name, a label and a description, and the folded ones are optional', () => {
		expect(properties.map(({ name }) => name)).toEqual([
			'events',
			'extensions',
			'filters',
			'options',
		]);
		for (const field of all(properties)) {
			expect(field.name).toMatch(/^[a-zA-Z]+$/);
			expect(field.displayName).toMatch(/\S/);
			if (field.type === 'collection') expect(field.default).toEqual({});
			else expect(field.description).toMatch(/\S/);
		}
	});

	test('every choice means something of its own', () => {
		const lists = properties
			.filter(({ type }) => type === 'collection')
			.flatMap(({ name, options }) =>
				(options as INodeProperties[]).map((field) => [name, field] as const),
			)
			// The PBX has the choices of the others.
			.filter(([, { type, options }]) => /options$/i.test(type) && options);
		expect(lists).toHaveLength(9);
		for (const [collection, field] of lists) {
			const settings = choices(field).map((value) =>
				settingsOf({ events: ['raw'], [collection]: { [field.name]: value } as IDataObject }),
			);
			const meant = settings.map((each) => inspect(each, { depth: null }));
			expect(new Set(meant).size).toBe(meant.length);
			// None of several is no filter; none of these is one of one.
			if (field.type === 'multiOptions') {
				expect(meant).not.toContain(inspect(settingsOf({ events: ['raw'] }), { depth: null }));
			}
		}
	});

	test('every default is of the type of its field', () => {
		const defaults: Record<string, unknown> = {
			// What is added and left empty says nothing.
			string: '',
			options: expect.any(String),
			number: expect.any(Number),
			boolean: expect.any(Boolean),
			multiOptions: expect.any(Array),
			collection: {},
		};
		for (const field of all(properties)) expect(field.default).toEqual(defaults[field.type]);
	});

	test('is that of a trigger with one output, and its icons are there', () => {
		const { group, inputs, outputs, icon, credentials, subtitle, ...more } = new ThreeCxTrigger()
			.description;
		const { defaults, displayName, triggerPanel } = more;
		expect({ group, inputs, outputs }).toEqual({
			group: ['trigger'],
			inputs: [],
			outputs: ['main'],
		});
		expect(credentials).toEqual([{ name: 'threeCxOAuth2Api', required: true }]);
		expect(subtitle).toContain('$parameter["events"]');
		expect(defaults.name).toBe(displayName);
		// Without them n8n shows nothing to a person who waits for a first call.
		const panel = triggerPanel as { executionsHelp: Record<string, string> };
		for (const state of ['active', 'inactive'])
			expect(panel.executionsHelp[state]).toContain('Execute step');
		for (const file of Object.values(icon as Record<string, `file:${string}`>)) {
			const path = join(__dirname, '../../nodes/ThreeCxTrigger', file.replace(/^file:/, ''));
			expect(existsSync(path)).toBe(true);
		}
	});

	test('what the panel sets by default is what an untouched panel means', () => {
		const byName = new Map(all(properties).map((field) => [field.name, field.default]));
		const defaults = Object.fromEntries(
			[
				'defaultCountry',
				'executionsInFlight',
				'granularity',
				'includeRaw',
				'maxWaiting',
				'waitingEvents',
			].map((name) => [name, byName.get(name)]),
		) as IDataObject;
		expect(settingsOf({ events: ['raw'], options: defaults })).toEqual(
			settingsOf({ events: ['raw'] }),
		);
		expect(byName.get('events')).toEqual(['callRinging']);
		expect(byName.get('extensions')).toEqual([]);
	});

	test('countries are offered by name, after that of the PBX and none', () => {
		expect(countryOptions.slice(0, 2).map(({ value }) => value)).toEqual([FROM_PBX, '']);
		const names = countryOptions.slice(2).map(({ name }) => name);
		expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b, 'en')));
		expect(countryOptions).toContainEqual({ name: 'United Kingdom (GB)', value: 'GB' });
	});
});

describe('events', () => {
	test('are called in n8n what the list of choices says', () => {
		expect(eventOptions.map(({ value }) => value)).toEqual([
			'callAnswered',
			'callDialing',
			'callEnded',
			'callMissed',
			'callParked',
			'callPickedUp',
			'callRinging',
			'callTransferred',
			'callerEnteredQueue',
			'callerLeftQueue',
			'connectionLost',
			'connectionRestored',
			'deviceRegistered',
			'deviceUnregistered',
			'keyPressed',
			'participantChanged',
			'promptFinished',
			'raw',
		]);
		const names = eventOptions.map(({ name }) => name);
		expect(names).toEqual([...names].sort());
		expect(eventOptions.every(({ description }) => /\S/.test(description ?? ''))).toBe(true);
	});

	test.each([
		['ringing', 'callRinging', false],
		['dialing', 'callDialing', false],
		['answered', 'callAnswered', false],
		['transferred', 'callTransferred', false],
		['ended', 'callEnded', false],
		['participantChanged', 'participantChanged', true],
		['keyPressed', 'keyPressed', false],
		['promptFinished', 'promptFinished', false],
		['deviceRegistered', 'deviceRegistered', false],
		['deviceUnregistered', 'deviceUnregistered', false],
		['connectionLost', 'connectionLost', false],
		['connectionRestored', 'connectionRestored', false],
		['raw', 'raw', true],
	] as const)('%s is %s; given up first: %s', (type, name, sheddable) => {
		expect(eventName(type)).toBe(name);
		expect(isSheddable(type)).toBe(sheddable);
	});

	test('keep their order within a call, a phone, a DN, or the link', () => {
		const device = { kind: 'device', dn: '100', deviceId: 'sip:1' } as TriggerEvent;
		const raw = (dn?: string) => ({ kind: 'raw', dn }) as TriggerEvent;
		const lanes = [callEvent(), device, raw('100'), raw(), { kind: 'link' } as TriggerEvent].map(
			laneOf,
		);
		expect(lanes[0]).toBe('7@x');
		for (const lane of lanes) expect(lane).toEqual(expect.any(String));
		expect(new Set(lanes).size).toBe(5);
		expect(laneOf({ ...device })).toBe(lanes[1]);
		expect(laneOf({ ...device, deviceId: 'sip:2' } as TriggerEvent)).not.toBe(lanes[1]);
		expect(laneOf(raw('101'))).not.toBe(lanes[2]);
		expect(lanes[3]).toBe('raw ');
	});

	test('of the link tell an outage and its end, not the first connection', () => {
		expect(linkEvent({ online: true, outageMs: 0 } as never)).toBeUndefined();
		const before = Date.now();
		const back = linkEvent({ online: true, outageMs: 1_500 } as never)!;
		expect(back).toEqual({
			kind: 'link',
			id: expect.stringMatching(/^connectionRestored@.{36}$/),
			type: 'connectionRestored',
			at: expect.any(Number),
			outageMs: 1_500,
		});
		expect(back.at).toBeGreaterThanOrEqual(before);
		const error = new ThreeCxError({ kind: 'unreachable', message: 'gone', hint: '' });
		const lost = linkEvent({ online: false, error } as never)!;
		expect(lost).toMatchObject({ type: 'connectionLost', reason: 'gone' });
		expect(lost).not.toHaveProperty('outageMs');
		expect(lost.id).toMatch(/^connectionLost@.{36}$/);
	});

	test('of a message hold it as it came, and its DN where it names one', () => {
		const message = {
			sequence: 1,
			event: { event_type: 0, entity: '/callcontrol/100/participants/3' },
		};
		const text = JSON.stringify(message);
		expect(rawEvent(text)).toEqual({
			kind: 'raw',
			id: expect.stringMatching(/^raw@.{36}$/),
			type: 'raw',
			at: expect.any(Number),
			dn: '100',
			bytes: expect.any(Number),
			message,
		});
		expect(rawEvent(text).bytes).toBeGreaterThanOrEqual(Buffer.byteLength(text));
		const other = rawEvent('no JSON');
		expect(other.message).toBe('no JSON');
		expect(other).not.toHaveProperty('dn');
	});
});

describe('filters', () => {
	const none: Filters = {
		extensions: new Set(),
		dnTypes: new Set(),
		callers: [],
		dids: [],
		queues: new Set(),
	};
	const isWanted = (filters: Partial<Filters>, event: TriggerEvent, country?: string) =>
		wanted({ ...none, ...filters }, () => country)(event);
	const outside = leg({ party_caller_id: '030 901820' });
	const inside = leg({ party_dn_type: 'Wextension', party_caller_id: '101' });
	const hidden = leg({ party_caller_id: '' });
	const of = (participant: typeof outside, more: Partial<CallEvent['leg']> = {}) =>
		callEvent({ leg: { participant, ...more } });

	test.each<[string, Partial<Filters>, TriggerEvent, boolean]>([
		['nothing chosen', {}, of(outside), true],
		['its extension', { extensions: new Set(['100']) }, of(outside), true],
		['another extension', { extensions: new Set(['101']) }, of(outside), false],
		['its type', { dnTypes: new Set(['Wextension']) }, of(outside), true],
		['another type', { dnTypes: new Set(['Wqueue']) }, of(outside), false],
		[
			'a type where none is known',
			{ dnTypes: new Set(['Wextension']) },
			of(outside, { dnType: undefined }),
			false,
		],
		['its direction', { direction: 'inbound' }, of(outside), true],
		['the other direction', { direction: 'outbound' }, of(outside), false],
		['outside', { external: true }, of(outside), true],
		['not outside', { external: true }, of(inside), false],
		['inside', { external: false }, of(inside), true],
		['not inside', { external: false }, of(outside), false],
		['its number', { callers: ['030901820'] }, of(outside), true],
		['its number with marks', { callers: ['(030) 90-18.20'] }, of(outside), true],
		['its number in E.164', { callers: ['+49 30 901820'] }, of(outside), true],
		['any digits', { callers: ['+4930*'] }, of(outside), true],
		['one digit', { callers: ['03090182?'] }, of(outside), true],
		['one digit too few', { callers: ['030901820?'] }, of(outside), false],
		['the beginning only', { callers: ['030'] }, of(outside), false],
		['the end only', { callers: ['901820'] }, of(outside), false],
		['one of two', { callers: ['1', '030*'] }, of(outside), true],
		['none of two', { callers: ['1', '2'] }, of(outside), false],
		['a plus is no repetition', { callers: ['0+30901820'] }, of(outside), false],
		['anonymous', { callers: ['Anonymous'] }, of(hidden), true],
		['anonymous for one who shows a number', { callers: ['anonymous'] }, of(outside), false],
		['a dialled number that nobody told', { dids: ['*1'] }, of(outside), false],
		[
			'its dialled number',
			{ dids: ['+4930555*'] },
			callEvent({ call: { did: '+4930555123' } }),
			true,
		],
		['its queue', { queues: new Set(['800']) }, callEvent({ call: { queue: '800' } }), true],
		['another queue', { queues: new Set(['801']) }, callEvent({ call: { queue: '800' } }), false],
		['no queue', { queues: new Set(['800']) }, callEvent(), false],
		['the link', { extensions: new Set(['101']) }, { kind: 'link' } as TriggerEvent, true],
		[
			'its phone',
			{ extensions: new Set(['100']) },
			{ kind: 'device', dn: '100' } as TriggerEvent,
			true,
		],
		[
			'another phone',
			{ extensions: new Set(['101']) },
			{ kind: 'device', dn: '100' } as TriggerEvent,
			false,
		],
		[
			'a message of nobody',
			{ extensions: new Set(['101']) },
			{ kind: 'raw' } as TriggerEvent,
			false,
		],
		['a message of nobody, all chosen', {}, { kind: 'raw' } as TriggerEvent, true],
		[
			'a phone, and a number',
			{ callers: ['1'] },
			{ kind: 'device', dn: '100' } as TriggerEvent,
			true,
		],
	])('%s', (_name, filters, event, expected) => {
		expect(isWanted(filters, event, 'DE')).toBe(expected);
	});

	test('the country counts as soon as it is known', () => {
		const known: { country?: string } = {};
		const matches = wanted({ ...none, callers: ['+4930901820'] }, () => known.country);
		expect(matches(of(outside))).toBe(false);
		known.country = 'DE';
		expect(matches(of(outside))).toBe(true);
	});

	test('and for the patterns as well', () => {
		const known: { country?: string } = {};
		const matches = wanted({ ...none, callers: ['0011 49 30*'] }, () => known.country);
		const abroad = of(leg({ party_caller_id: '+4930901820' }));
		expect(matches(abroad)).toBe(false);
		for (const [country, isMatch] of [
			['AU', true],
			['GB', false],
			['AU', true],
		] as const) {
			known.country = country;
			expect(matches(abroad)).toBe(isMatch);
		}
	});
});

describe('a missed call', () => {
	const internal = (fields: object = {}) =>
		callEvent({
			type: 'ended',
			leg: { direction: 'outbound', participant: leg({ originated_by_dn: '100' }) },
			...fields,
		});
	const ended = (more: Parameters<typeof callEvent>[0] = {}) =>
		callEvent({ type: 'ended', ...more });
	test.each<[string, TriggerEvent, boolean]>([
		['that nobody answered', ended(), true],
		['that somebody answered', ended({ call: { answered: true } }), false],
		['that a colleague answered', ended({ granularity: 'leg', call: { answered: true } }), true],
		['that this phone answered', ended({ granularity: 'leg', leg: { connected: true } }), false],
		['whose end nobody saw', ended({ isUnseen: true }), false],
		['that was made, and rang nobody here', internal(), false],
		['that was made, and rang somebody here', internal({ call: { rang: ['101'] } }), true],
		[
			'that was made, and rang one who is not listened to',
			internal({ call: { rang: ['102'] } }),
			false,
		],
		['that a phone made', internal({ granularity: 'leg', call: { rang: ['101'] } }), false],
	])('is one %s', (_name, event, expected) => {
		const told = (...chosen: string[]) => {
			const as = asChosen(event, new Set(chosen), (dn) => dn === '101');
			return as && toOutput(as, { includeRaw: false }).event;
		};
		expect(told('callMissed')).toBe(expected ? 'callMissed' : undefined);
		expect(told('callMissed', 'callEnded')).toBe(expected ? 'callMissed' : 'callEnded');
		expect(told('callEnded')).toBe('callEnded');
	});

	test('is asked for as the end of a call, of which all others are told as they are', () => {
		expect(isAsked(new Set(['callMissed']), 'ended')).toBe(true);
		expect(isAsked(new Set(['callMissed']), 'ringing')).toBe(false);
		const rings = callEvent();
		expect(asChosen(rings, new Set(['callMissed']), () => true)).toBe(rings);
	});
});

describe('the item', () => {
	const options = { includeRaw: false };
	const times = {
		type: 'ended' as const,
		at: 100_000,
		leg: { openedAt: 40_000, connectedAt: 60_000, connected: true },
		call: { openedAt: 10_000, answeredAt: 50_000, answered: true, queue: '800', did: '030 901820' },
	};

	test('all items of an event have the same fields: those that apply to it', () => {
		const fields = (event: TriggerEvent) => Object.keys(toOutput(event, options));
		const device = { kind: 'device', type: 'deviceRegistered', at: 0, dn: '100' } as TriggerEvent;
		const lost = { kind: 'link', type: 'connectionLost', at: 0, reason: 'x' } as TriggerEvent;
		const raw = { kind: 'raw', type: 'raw', at: 0, message: {} } as TriggerEvent;
		const always = ['event', 'timestamp', 'eventId', 'pbx', 'recovered', 'source'];
		expect(fields(lost).sort()).toEqual([...always, 'reason'].sort());
		expect(fields(raw).sort()).toEqual([...always, 'extension', 'message'].sort());
		expect(fields(device).sort()).toEqual(
			[...always, 'extension', 'extensionName', 'device'].sort(),
		);
		const ofCall = fields(callEvent());
		expect(ofCall.slice(0, 8)).toEqual(
			'event timestamp extension extensionName direction external callerName number'.split(' '),
		);
		expect(fields(callEvent({ ...times, at: 7 }))).toEqual(fields(callEvent(times)));
		for (const [type, more] of [
			['ended', ['endedAt', 'durationSeconds', 'talkSeconds', 'recordings']],
			['queueLeft', ['previousStatus', 'queueOutcome', 'waitedSeconds', 'takenBy']],
			['keyPressed', ['keys']],
			['parked', ['parkedAt']],
		] as const)
			expect(fields(callEvent({ type })).sort()).toEqual([...ofCall, ...more].sort());
		expect([...ofCall, ...fields(raw)].every((name) => /^[a-z]\w*$/i.test(name))).toBe(true);
	});

	test('names the extension where its name is known', () => {
		const extensionName = (dn: string) => (dn === '100' ? 'Amelia Hartley' : undefined);
		const named = (dn: string) =>
			toOutput(callEvent({ leg: { dn, participant: leg({ dn }) } }), { ...options, extensionName });
		expect(named('100')).toMatchObject({ extension: '100', extensionName: 'Amelia Hartley' });
		expect(named('101')).toMatchObject({ extension: '101', extensionName: null });
	});

	test('times and outcome are those of the call, or of the one phone', () => {
		expect(toOutput(callEvent(times), { ...options, defaultCountry: 'DE' })).toMatchObject({
			event: 'callEnded',
			timestamp: new Date(100_000).toISOString(),
			startedAt: new Date(10_000).toISOString(),
			answeredAt: new Date(50_000).toISOString(),
			endedAt: new Date(100_000).toISOString(),
			durationSeconds: 90,
			talkSeconds: 50,
			answered: true,
			queue: '800',
			did: '030 901820',
			didE164: '+4930901820',
			toE164: '+4930901820',
			callKey: '7-19700101',
			extensionType: 'Wextension',
			direction: 'inbound',
		});
		const call = { ...times.call, answered: false };
		expect(toOutput(callEvent({ ...times, call, granularity: 'leg' }), options)).toMatchObject({
			startedAt: new Date(40_000).toISOString(),
			answeredAt: new Date(60_000).toISOString(),
			durationSeconds: 60,
			talkSeconds: 40,
			answered: true,
		});
	});

	test('what an event does not tell is null', () => {
		expect(
			toOutput(callEvent({ at: 100_000, type: 'ended', isUnseen: true }), options),
		).toMatchObject({
			recovered: false,
			startedAt: null,
			answeredAt: null,
			endedAt: null,
			durationSeconds: null,
			talkSeconds: null,
			recordings: null,
			queue: null,
			did: null,
			didE164: null,
		});
		const { participant } = toOutput(callEvent(), options);
		expect(participant).toBeUndefined();
	});

	test('a call that was made has the number called', () => {
		const made = callEvent({
			leg: {
				direction: 'outbound',
				participant: leg({ party_caller_id: '030 901820', originated_by_dn: '100' }),
			},
		});
		expect(toOutput(made, { ...options, defaultCountry: 'DE' })).toMatchObject({
			direction: 'outbound',
			fromE164: null,
			toE164: '+4930901820',
		});
	});

	test('says where it was found: in the call log, or seen live', () => {
		const logged = { callId: 'call 1', recordings: 2 } as unknown as ToldEvent['logged'];
		const ended = callEvent({ type: 'ended' });
		expect(toOutput({ ...ended, logged }, options)).toMatchObject({
			source: 'history',
			recordings: 2,
		});
		for (const event of [ended, { ...ended, logged: undefined }])
			expect(toOutput(event, options)).toMatchObject({ source: 'live', recordings: null });
	});

	test('keys, the state before, and what 3CX has sent', () => {
		const event = callEvent({ type: 'keyPressed', digits: '12', recovered: true });
		expect(toOutput(event, { ...options, includeRaw: true })).toMatchObject({
			keys: '12',
			recovered: true,
			participant: leg(),
		});
		const answered = callEvent({ type: 'answered', previous: leg({ status: 'Dialing' }) });
		expect(toOutput(answered, options)).toMatchObject({ previousStatus: 'Dialing' });
	});

	test('phones, the link and messages', () => {
		expect(
			toOutput(
				{
					kind: 'device',
					type: 'deviceRegistered',
					at: 0,
					id: '',
					dn: '100',
					deviceId: 'sip:x',
					recovered: true,
				},
				options,
			),
		).toMatchObject({
			event: 'deviceRegistered',
			extension: '100',
			device: 'sip:x',
			recovered: true,
		});
		const link = { kind: 'link', id: '', at: 0 } as const;
		expect(
			toOutput({ ...link, type: 'connectionRestored', outageMs: 1_449 }, options),
		).toMatchObject({ outageSeconds: 1.4, recovered: false });
		expect(toOutput({ ...link, type: 'connectionLost', reason: 'gone' }, options)).toMatchObject({
			reason: 'gone',
		});
		const raw = { kind: 'raw', type: 'raw', id: '', at: 0, bytes: 7, message: { a: 1 } } as const;
		expect(toOutput(raw, options)).toMatchObject({ extension: null, message: { a: 1 } });
		expect(toOutput({ ...raw, dn: '100' }, options)).toMatchObject({ extension: '100' });
	});
});

describe('the country of local numbers', () => {
	const pbx = {} as PbxClient;

	test('that was chosen is known at once, and nobody is asked', async () => {
		const asked: unknown[] = [];
		for (const [chosen, code] of [
			['GB', 'GB'],
			['', undefined],
		] as const) {
			const country = new DefaultCountry(chosen, async () => {
				asked.push(chosen);
				return await Promise.resolve(pbx);
			});
			let ran = false;
			country.whenSettled(() => (ran = true));
			expect(ran).toBe(true);
			await country.ask();
			expect(country.code).toBe(code);
		}
		expect(asked).toEqual([]);
	});

	test('that cannot be asked for is none; what waited runs then, in order, and later ones at once', async () => {
		let asked = 0;
		const country = new DefaultCountry(FROM_PBX, async () => {
			asked += 1;
			return await Promise.reject(new Error('away'));
		});
		const ran: number[] = [];
		country.whenSettled(() => ran.push(1));
		country.whenSettled(() => ran.push(2));
		expect(ran).toEqual([]);
		await Promise.all([country.ask(), country.ask()]);
		expect(ran).toEqual([1, 2]);
		country.whenSettled(() => ran.push(3));
		expect(ran).toEqual([1, 2, 3]);
		await country.ask();
		expect(asked).toBe(1);
		expect(country.code).toBeUndefined();
	});

	test('that does not come is waited for 3 s, and no event waits any longer', async () => {
		const clock = new ManualClock();
		const never = async () => await new Promise<PbxClient>(() => undefined);
		const country = new DefaultCountry(FROM_PBX, never, clock);
		const ran: number[] = [];
		country.whenSettled(() => ran.push(1));
		const asking = country.ask();
		await clock.advance(2_999);
		expect(ran).toEqual([]);
		await clock.advance(1);
		expect(ran).toEqual([1]);
		await asking;
		country.whenSettled(() => ran.push(2));
		expect(ran).toEqual([1, 2]);
	});
});

test('names are asked for again when an event needs one, after ten minutes, once', async () => {
	const clock = new ManualClock();
	let asked = 0;
	const names = new ExtensionNames(async () => {
		asked += 1;
		return await Promise.reject(new Error('away'));
	}, clock);
	const askedAfter = async (ms: number) => {
		await clock.advance(ms);
		for (let event = 0; event < 3; event++) expect(names.of('100')).toBeUndefined();
		return asked;
	};
	expect(await askedAfter(700_000)).toBe(0);
	await names.ask();
	expect(await askedAfter(0)).toBe(1);
	expect(await askedAfter(600_000)).toBe(1);
	expect(await askedAfter(1)).toBe(2);
	expect(await askedAfter(600_000)).toBe(2);
	expect(await askedAfter(1)).toBe(3);
});

test.each([
	[1, true],
	[2, false],
	[999, false],
	[1_000, true],
	[1_001, false],
	[7_000, true],
])('that %d were dropped is told: %p', (total, isTold) => {
	expect(isWorthTelling(total)).toBe(isTold);
});

describe('registrations', () => {
	const setup = () => {
		const registrations = new Registrations();
		const closed: string[] = [];
		const register = async (key: string, name: string) =>
			await registrations.replace(key, async () => {
				closed.push(name);
				await Promise.resolve();
			});
		return { closed, register };
	};

	test('a second one under the same key closes the first; another key does not', async () => {
		const { closed, register } = setup();
		await register('a', 'first');
		await register('b', 'other');
		expect(closed).toEqual([]);
		await register('a', 'second');
		expect(closed).toEqual(['first']);
	});

	test('each is closed once, and closing an old one leaves the new one alone', async () => {
		const { closed, register } = setup();
		const closeFirst = await register('a', 'first');
		const closeSecond = await register('a', 'second');
		await closeFirst();
		expect(closed).toEqual(['first']);
		await register('a', 'third');
		expect(closed).toEqual(['first', 'second']);
		await closeSecond();
		await closeSecond();
		expect(closed).toEqual(['first', 'second']);
	});

	test('one that was closed is not closed again by the next', async () => {
		const { closed, register } = setup();
		await (
			await register('a', 'first')
		)();
		await register('a', 'second');
		expect(closed).toEqual(['first']);
	});
});

import type { INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { CredentialStore, runNode } from '../support/n8n';
import { startRecordingPbx } from '../support/recordingPbx';

/**
 * The same text, typed into each of the fields that take a number to dial, must become the same number on the wire, or the
 * same refusal. What is sent is read by a server that is not the simulated PBX.
 */

const FORWARDING = { Name: 'Available', AvailableRoute: { BusyExternal: { To: 'None' } } };

let pbx: Awaited<ReturnType<typeof startRecordingPbx>>;
let credentials: CredentialStore;

beforeAll(async () => {
	pbx = await startRecordingPbx(({ method, path, body }) => {
		if (path === '/xapi/v1/Users(1)') {
			if (method === 'PATCH') {
				[changed] = (JSON.parse(body) as { ForwardingProfiles: unknown[] }).ForwardingProfiles;
				return [204];
			}
			return [200, { Id: 1, Number: '100', ForwardingProfiles: [changed ?? FORWARDING] }];
		}
		if (path.includes('MakeCall')) return [200, { FinalStatus: 'Success' }];
		if (path.includes('TestOutboundCall')) return [200, { Reports: [], Log: [] }];
		if (path === '/callcontrol/100/makecall') return [200, { finalstatus: 'Success' }];
		return undefined;
	});
	credentials = new CredentialStore({ pbxUrl: pbx.url, clientId: 'n8n', clientSecret: 'secret' });
});

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

/** The forwarding profile once it was changed: Update Forwarding looks whether it was kept. */
let changed: unknown;

const by = (mode: string, value: string) => ({ __rl: true, mode, value });

interface Body {
	destination?: string;
	ForwardingProfiles?: Array<{ AvailableRoute: { BusyExternal: { External: string } } }>;
}

/** Each field that takes a number: what it is called with, and where the number is in the body sent. */
const FIELDS: Array<{
	name: string;
	type?: string;
	parameters: (number: unknown) => INodeParameters;
	dialled: (body: Body) => string | undefined;
}> = [
	{
		name: 'Call Control: Make Call',
		type: 'n8n-nodes-threecx.threeCxCallControl',
		parameters: (destination) =>
			({
				resource: 'call',
				operation: 'makeCall',
				extension: by('number', '100'),
				destination,
			}) as INodeParameters,
		dialled: ({ destination }) => destination,
	},
	{
		name: 'User: Make Call',
		parameters: (destination) =>
			({
				resource: 'user',
				operation: 'makeCall',
				user: by('byId', '1'),
				destination,
			}) as INodeParameters,
		dialled: ({ destination }) => destination,
	},
	{
		name: 'User: Update Forwarding',
		parameters: (external) =>
			({
				resource: 'user',
				operation: 'updateForwarding',
				user: by('byId', '1'),
				status: 'Available',
				rules: { rule: [{ when: 'busy', callers: 'external', to: 'External', external }] },
			}) as INodeParameters,
		dialled: ({ ForwardingProfiles }) =>
			ForwardingProfiles?.[0]?.AvailableRoute.BusyExternal.External,
	},
	{
		name: 'Trunk: Test Outbound Call',
		parameters: (destination) =>
			({
				resource: 'trunk',
				operation: 'testOutboundCall',
				trunk: by('byId', '1'),
				contact: '100',
				destination,
			}) as INodeParameters,
		dialled: ({ destination }) => destination,
	},
];

/** What a field makes of a text: the number that is sent, or `undefined` and the kind of refusal. */
async function outcomeOf(
	{ type, parameters, dialled }: (typeof FIELDS)[number],
	number: unknown,
): Promise<string> {
	changed = undefined;
	const from = pbx.asked.length;
	const { error } = await runNode({
		...(type === undefined ? {} : { type }),
		credentials,
		parameters: parameters(number),
	});
	const sent = pbx.asked.slice(from).filter(({ method }) => method !== 'GET');
	if (error) {
		expect(sent).toEqual([]);
		return /is not a phone number/.test(error.message) ? 'no number' : error.message;
	}
	expect(sent).toHaveLength(1);
	return dialled(JSON.parse(sent[0]!.body) as Body) ?? 'nothing sent';
}

describe.each([
	['+44 (0)20 7946 0102', '+442079460102'],
	['+39 (0)2 1234 5678', '+390212345678'],
	['(+44) 20 7946-0102', '+442079460102'],
	['0044 (0)20 7946 0102', '00442079460102'],
	['\u2066+44 20 7946 0102\u2069', '+442079460102'],
	['\u202a+44\u00a020\u00a07946\u00a00102\u202c', '+442079460102'],
	[
		'\uff0b\uff14\uff14\uff12\uff10\uff17\uff19\uff14\uff16\uff10\uff11\uff10\uff12',
		'+442079460102',
	],
	['sip:%2B442079460102@pbx.example.com', '+442079460102'],
	['tel:+44-20-7946-0102;ext=5', '+442079460102'],
	['+442079460102;ext=5', '+442079460102'],
	['020 7946 0102 x12', '02079460102'],
	['+52 1 55 5130 6000', '+525551306000'],
	['#31# +44 20 7946 0102', '#31#+442079460102'],
	['*21*02079460102#', '*21*02079460102#'],
	['* 777', '*777'],
	[2079460102, '2079460102'],
	['100; drop', 'no number'],
	['call 101', 'no number'],
	['+', 'no number'],
	['()', 'no number'],
	['8 * 9 * 10', 'no number'],
	['\u0661\u0662\u0663', '123'],
])('%j is dialled as %s', (text, number) => {
	test.each(FIELDS.map((field) => [field.name, field] as const))('in %s', async (_, field) => {
		expect(await outcomeOf(field, text)).toBe(number);
	});
});

test('the client ID of a route point is called, and is no number outside', async () => {
	const outcomes: string[] = [];
	for (const field of FIELDS) outcomes.push(await outcomeOf(field, 'voice-agent'));
	expect(outcomes).toEqual(['voice-agent', 'voice-agent', 'no number', 'no number']);
});

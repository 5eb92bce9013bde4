import type { INodeProperties } from 'n8n-workflow';
import { MAX_IN_FLIGHT, closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import { getExtensions, getQueues } from '../../nodes/shared/dnLists';
import { defaultCountryField, defaultCountryOf } from '../../nodes/shared/fields/country';
import { dialledNumber } from '../../nodes/shared/fields/dialled';
import { ifNoneFoundField, noneFound } from '../../nodes/shared/fields/ifNoneFound';
import { limitOf, limitProperties } from '../../nodes/shared/fields/limit';
import { required } from '../../nodes/shared/fields/required';
import { isSimplified, simplifyProperty } from '../../nodes/shared/fields/simplify';
import { inFlightFrom, requestOptionsProperty } from '../../nodes/shared/requestOptions';
import type { ItemRun } from '../../nodes/shared/router';
import { clientAt } from '../support/fixedToken';
import { json, startServer, type TestServer } from '../support/httpServer';
import { CredentialStore, loadOptionsContext } from '../support/n8n';

/** The fields that several operations have, each by itself: what it offers, and what it makes of what is in it. */

const servers: TestServer[] = [];

afterEach(async () => {
	await closeDispatchers();
	await Promise.all(servers.splice(0).map(async (server) => await server.close()));
});

/** A PBX that takes every login, and answers everything else alike. */
async function pbxWith(answer: unknown, status = 200) {
	const server = await startServer(({ url }, response) =>
		url === '/connect/token'
			? json(response, 200, { access_token: 'token', expires_in: 3_600 })
			: json(response, status, answer),
	);
	servers.push(server);
	return server;
}

/** An item in which these parameters are set. */
const itemWith = (parameters: Record<string, unknown>) =>
	({
		index: 3,
		context: {
			getNodeParameter: (name: string, index: number, fallback: unknown) =>
				index === 3 && name in parameters ? parameters[name] : fallback,
		},
	}) as unknown as ItemRun;

const input = (field: string, says: RegExp) =>
	expect.objectContaining({
		kind: 'input',
		field,
		message: expect.stringMatching(says) as string,
	}) as ThreeCxError;

describe('Return All and Limit', () => {
	test.each<[object, boolean | undefined, number | undefined]>([
		[{}, undefined, 50],
		[{ limit: 7 }, undefined, 7],
		[{ returnAll: true, limit: 7 }, undefined, undefined],
		[{ returnAll: false, limit: 7 }, true, 7],
		[{ limit: 7 }, true, undefined],
		// An expression may give a text; only the switch itself means all.
		[{ returnAll: 'false', limit: 7 }, undefined, 7],
	])('%j, where all by default is %p: %p rows', (parameters, preset, limit) => {
		expect(limitOf(itemWith({ ...parameters }), preset)).toBe(limit);
	});

	test.each([false, true])('the panel hides Limit where all are wanted; preset %p', (preset) => {
		const [all, limit] = limitProperties(preset) as [INodeProperties, INodeProperties];
		expect([all.name, all.default, limit.name, limit.default]).toEqual([
			'returnAll',
			preset,
			'limit',
			50,
		]);
		expect(limit.displayOptions).toEqual({ show: { [all.name]: [false] } });
		expect(limit.typeOptions).toEqual({ minValue: 1 });
		expect(limitProperties()[0]!.default).toBe(false);
	});
});

test.each([
	[{}, true],
	[{ simplify: false }, false],
	[{ simplify: true }, true],
])('Simplify with %j: %p', (parameters, simplified) => {
	expect(isSimplified(itemWith(parameters))).toBe(simplified);
	expect([simplifyProperty.name, simplifyProperty.default]).toEqual(['simplify', true]);
});

test('If None Found: an item, nothing, or an error', () => {
	const error = new ThreeCxError({ kind: 'notFound', message: 'x', hint: 'y' });
	expect(noneFound('item', error)).toEqual([{ found: false }]);
	expect(noneFound('nothing', error)).toEqual([]);
	for (const choice of ['error', undefined, 'other'])
		expect(() => noneFound(choice, error)).toThrow(error);
	const { name, default: preset, options } = ifNoneFoundField('nothing');
	expect([name, preset]).toEqual(['ifNoneFound', 'nothing']);
	expect(options!.map((option) => 'value' in option && option.value)).toEqual([
		'error',
		'item',
		'nothing',
	]);
});

test.each([
	[' a ', 'a'],
	[7, '7'],
	[0, '0'],
	[false, 'false'],
	['', undefined],
	['  ', undefined],
	[null, undefined],
	[undefined, undefined],
])('a field that must be filled in, with %j: %p', (value, expected) => {
	const read = () => required('user', 'User', value);
	if (expected !== undefined) return expect(read()).toBe(expected);
	expect(read).toThrow(input('user', /"User"/));
});

describe('a number to dial', () => {
	test.each<[unknown, boolean, string | undefined]>([
		['+44 20 7946 0100', false, '+442079460100'],
		['101', true, '101'],
		['voice-agent', true, 'voice-agent'],
		['voice.agent_2', true, 'voice.agent_2'],
		['Zoë', true, 'Zoë'],
		['voice agent', true, undefined],
		['voice/agent', true, undefined],
		['voice-agent', false, undefined],
		['-._', true, undefined],
		['', true, undefined],
	])('%j, where names are taken is %p: %p', (value, takesNames, number) => {
		const read = () => dialledNumber('destination', 'Destination', value, takesNames);
		if (number !== undefined) return expect(read()).toBe(number);
		expect(read).toThrow(input('destination', /"Destination"/));
	});

	test('is no name, unless a field says so', () => {
		expect(() => dialledNumber('destination', 'Destination', 'voiceagent')).toThrow(
			input('destination', /"voiceagent"/),
		);
	});
});

describe('Default Country', () => {
	test.each<[unknown, string | undefined]>([
		[' gb ', 'GB'],
		['Germany', 'DE'],
		['none', undefined],
		[' NONE ', undefined],
	])('%j is %p, and the PBX is not asked', async (chosen, country) => {
		const server = await pbxWith({ CountryName: 'FR' });
		expect(await defaultCountryOf({ client: clientAt(server.origin) }, chosen)).toBe(country);
		expect(server.received).toEqual([]);
	});

	test.each([[''], ['  '], [undefined], [null]])('%j is the one of the PBX', async (chosen) => {
		const server = await pbxWith({ CountryName: 'FR' });
		expect(await defaultCountryOf({ client: clientAt(server.origin) }, chosen)).toBe('FR');
	});

	test('is none where the PBX may not be asked, or nobody waits any more', async () => {
		const server = await pbxWith({}, 403);
		const client = clientAt(server.origin);
		expect(await defaultCountryOf({ client })).toBeUndefined();
		const asked = server.received.length;
		expect(await defaultCountryOf({ client, signal: AbortSignal.abort() })).toBeUndefined();
		expect(server.received).toHaveLength(asked);
	});

	test('that is none is told, with its field', async () => {
		const server = await pbxWith({});
		const read = defaultCountryOf({ client: clientAt(server.origin) }, 'Narnia');
		await expect(read).rejects.toEqual(input('defaultCountry', /"Narnia"/));
		expect(defaultCountryField).toMatchObject({ name: 'defaultCountry', default: '' });
	});
});

describe('a dropdown of', () => {
	const list = async (load: typeof getExtensions, value: object[]) => {
		const server = await pbxWith({ value });
		const store = new CredentialStore({
			pbxUrl: server.origin,
			clientId: 'n8n',
			clientSecret: 'secret',
		});
		const options = await load.call(loadOptionsContext({}, store));
		const asked = new URL(server.received.at(-1)!.url, server.origin);
		return { options, path: asked.pathname, select: asked.searchParams.get('$select') };
	};

	test('extensions has number and name of each, sorted', async () => {
		const rows = [
			{ Number: '110', FirstName: '', LastName: 'Zoe' },
			{ Number: '101', FirstName: 'Ann', LastName: 'Lee' },
			{ Number: '100', FirstName: null },
		];
		expect(await list(getExtensions, rows)).toEqual({
			options: [
				{ name: '100', value: '100' },
				{ name: '101 Ann Lee', value: '101' },
				{ name: '110 Zoe', value: '110' },
			],
			path: '/xapi/v1/Users',
			select: 'Number,FirstName,LastName',
		});
	});

	test('queues has theirs', async () => {
		expect(await list(getQueues, [{ Number: '800', Name: 'Sales' }])).toEqual({
			options: [{ name: '800 Sales', value: '800' }],
			path: '/xapi/v1/Queues',
			select: 'Number,Name',
		});
	});
});

test('Requests in Flight offers what is understood, and begins with one of these', () => {
	const option = requestOptionsProperty.options!.find(({ name }) => name === 'inFlight');
	const { options, default: preset } = option as INodeProperties;
	const values = options!.map((each) => 'value' in each && each.value);
	expect(values.map(inFlightFrom)).toEqual(['automatic', 1, 2, 4, 8, MAX_IN_FLIGHT]);
	expect(values).toContain(preset);
	expect(options!.map(({ name }) => name)).toEqual(['Automatic', '1', '2', '4', '8', '16']);
});

import {
	displayParameter,
	NodeHelpers,
	type IDataObject,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyCollection,
	type INodePropertyOptions,
	type INodeType,
} from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { catalogue, operation as xapiOperation } from '../../lib/xapi/catalogue';
import { mapperFields } from '../../nodes/ThreeCx/fields/mapper';
import { moreFieldsOf } from '../../nodes/ThreeCx/fields/body';
import { bodyMembers } from '../../nodes/ThreeCx/anyOperation/request';
import { operationsOf as xapiOperationsOf } from '../../nodes/ThreeCx/operations';
import { formOf, typeOf } from '../../nodes/ThreeCx/typeOf';
import type { OwnOperation } from '../../nodes/ThreeCx/resource';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { operationsOf } from '../support/everyOperation';
import { CredentialStore, ourNode, runNode } from '../support/n8n';

/** What an AI model is told of our nodes as tools: all it knows are the texts here. */

const NODES: Array<[string, INodeType]> = [
	['n8n-nodes-threecx.threeCxTool', new ThreeCx()],
	['n8n-nodes-threecx.threeCxCallControlTool', new ThreeCxCallControl()],
];

const EVERY = NODES.flatMap(([type, node]) =>
	operationsOf(type, node.description).map(([name, { parameters }]) => ({
		name,
		type,
		node,
		parameters,
	})),
);

/** What n8n tells a model of a tool whose description nobody has written. */
const told = (node: INodeType, type: string, parameters: INodeParameters) =>
	NodeHelpers.getToolDescriptionForNode(ourNode(type, parameters), node);

describe('the description that n8n makes for a tool', () => {
	test.each(EVERY)('of $name says what it does', ({ node, type, parameters }) => {
		const { operation = '', resource = '' } = parameters;
		const { options = [] } = node.description.properties.find(
			({ name, displayOptions }) =>
				name === 'operation' && displayOptions?.show?.resource?.includes(resource as string),
		)!;
		const { action } = (options as INodePropertyOptions[]).find(
			({ value }) => value === operation,
		)!;
		expect(action).toMatch(/^[A-Z][a-z]+ \S/);
		expect(told(node, type, parameters)).toContain(action!);
	});

	/** What cannot be taken back or ends calls, by what 3CX calls it, and the words for it. */
	const DANGERS: Array<[RegExp, RegExp]> = [
		[/Delete/, /^Delete .*permanently/],
		[/Purge/, /^Purge .*permanently/],
		[/Restore/, /restart the PBX/],
		[/^Restart|Reboot|Upgrade/, /restart|reboot/i],
		[/^Regenerate|^GenerateA?p?i?K?e?y?/, /end the old/],
		[/DropCall/, /end it for everyone/],
	];

	/** What every operation of the 3CX node calls; the generic ones have it from their entity set. */
	const dangerous = RESOURCES.flatMap((resource) =>
		xapiOperationsOf(resource).flatMap((operation) => {
			const { uses = [] } = operation as OwnOperation;
			const calls = operation.name === 'delete' ? ['Delete'] : uses;
			return calls
				.map((id) => (xapiOperation(catalogue, id)?.method === 'DELETE' ? 'Delete' : id))
				.flatMap((id) => DANGERS.filter(([called]) => called.test(id)))
				.map(([, words]) => ({ resource: resource.name, operation: operation.name, words }));
		}),
	);

	test('finds all kinds of danger', () => {
		for (const [, words] of DANGERS)
			expect(dangerous.filter((each) => each.words === words)).not.toEqual([]);
	});

	test.each(dangerous)('of $resource: $operation says its danger', (each) => {
		const { resource, operation, words } = each;
		const [[type, node]] = NODES as [[string, INodeType]];
		expect(told(node, type, { resource, operation })).toMatch(words);
	});
});

describe('a field that takes JSON says so: n8n names the argument after it, and gives it no type', () => {
	const isJson = ({ type }: { type?: string }) => type === 'object' || type === 'array';

	test('in More Fields and in the body of any operation', () => {
		const fields = [
			...RESOURCES.flatMap((resource) => {
				const owner = typeOf(resource) ?? '';
				return mapperFields(moreFieldsOf(owner, formOf(resource)), { owner });
			}),
			...Object.keys(catalogue.operations).flatMap((id) => {
				const found = { id, ...xapiOperation(catalogue, id)! };
				return mapperFields(bodyMembers(found, catalogue));
			}),
		].filter(isJson);
		expect(fields.length).toBeGreaterThan(100);
		expect(
			fields
				.filter(({ type, displayName }) => !displayName.endsWith(` (JSON ${type})`))
				.map(({ displayName }) => displayName),
		).toEqual([]);
	});

	test('and no parameter of a panel takes it', () => {
		const types = JSON.stringify(NODES.map(([, { description }]) => description.properties));
		expect(types).not.toContain('"type":"json"');
	});
});

/** Ways to a dropdown that the node fills itself: the parameters that hold `value` there. */
function dropdowns(
	property: INodeProperties,
	value: string,
	isShown: (property: INodeProperties, beside: IDataObject) => boolean,
): Array<{ property: INodeProperties; holding: unknown }> {
	const { type, options = [], typeOptions } = property;
	if (type === 'options' || type === 'multiOptions') {
		const isFixed = options.length > 0 && !typeOptions?.loadOptionsMethod;
		return isFixed && !property.noDataExpression ? [{ property, holding: value }] : [];
	}
	const among = (properties: readonly INodeProperties[]) => {
		const presets = Object.fromEntries(properties.map((each) => [each.name, each.default]));
		return properties
			.filter((each) => isShown(each, presets as IDataObject))
			.flatMap((each) =>
				dropdowns(each, value, isShown).map(({ property: found, holding }) => ({
					property: found,
					holding: { ...(type === 'collection' ? {} : presets), [each.name]: holding },
				})),
			);
	};
	if (type === 'collection') return among(options as INodeProperties[]);
	if (type !== 'fixedCollection') return [];
	return (options as INodePropertyCollection[]).flatMap(({ name, values }) =>
		among(values).map(({ property: found, holding }) => ({
			property: found,
			holding: { [name]: typeOptions?.multipleValues ? [holding] : holding },
		})),
	);
}

const DAYS = { from: '2026-11-02T00:00:00', to: '2026-11-03T00:00:00' };

const WRONG = 'nothing of the kind';

/** Each dropdown of each node once, in the first operation that shows it. */
const CHOICES = NODES.flatMap(([type, node]) => {
	const { properties } = node.description;
	const seen = new Set<INodeProperties>();
	return EVERY.filter((each) => each.type === type).flatMap(({ name, parameters }) =>
		properties
			.filter((each) => !['resource', 'operation', 'requestOptions'].includes(each.name))
			.filter((each) => displayParameter(parameters, each, null, node.description))
			.flatMap((each) =>
				dropdowns(each, `={{ $fromAI('Guess') }}`, (inner, beside) =>
					displayParameter(beside as INodeParameters, inner, null, node.description, parameters),
				).map((found) => ({ ...found, outer: each })),
			)
			.filter(({ property }) => !seen.has(property) && seen.add(property))
			.map(({ property, outer, holding }) => ({
				name: `${name}: ${outer.displayName} > ${property.displayName}`,
				type,
				property,
				// An expression shows all fields that depend on it, and those that are required have to be filled in.
				parameters: {
					...parameters,
					...(outer.name === 'period' ? DAYS : {}),
					[outer.name]: holding,
				} as INodeParameters,
			})),
	);
});

describe('a guess that is not in the list', () => {
	let pbx: Pbx;
	let credentials: CredentialStore;

	beforeAll(async () => {
		pbx = await startPbx({ seed: 'empty' });
		const { clientId, clientSecret } = pbx.defaultClient;
		credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
	});

	afterAll(async () => {
		await closeDispatchers();
		await pbx.close();
	});

	const run = async (type: string, parameters: INodeParameters, items: IDataObject[]) =>
		await runNode({ type, parameters, credentials, items });

	test.each(CHOICES)('of $name is refused with all that are', async (choice) => {
		const { type, parameters, property } = choice;
		const { error } = await run(type, parameters, [{ Guess: WRONG }]);
		const values = (property.options as INodePropertyOptions[]).map(({ value }) => String(value));
		expect(error?.message).toMatch(new RegExp(`no choice "${WRONG}"`));
		for (const value of values.slice(0, 40)) expect(error?.message).toContain(value);
		// The model's own name of it.
		expect(error?.message).toContain('(Parameter: Guess)');
	});

	test('is a mistake of a person as well, who is told the field', async () => {
		const parameters = {
			resource: 'callLog',
			operation: 'getAll',
			...DAYS,
			period: '={{ $json.when }}',
		};
		const { error } = await run('n8n-nodes-threecx.threeCx', parameters, [{ when: 'last week' }]);
		expect(error?.message).toBe('"Period" has no choice "last week"');
		expect(error?.description).toMatch(/^Use one of: .*last7Days/);
	});

	test('is none where the expression gives a value of the list, or nothing', async () => {
		const parameters = {
			resource: 'user',
			operation: 'getAll',
			ifNoneFound: '={{ $json.none }}',
			requestOptions: {},
		};
		const items = [{ none: 'nothing' }, { none: '' }];
		expect((await run('n8n-nodes-threecx.threeCx', parameters, items)).error).toBeUndefined();
	});
});

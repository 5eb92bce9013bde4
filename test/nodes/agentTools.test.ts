import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { traverseNodeParameters } from 'n8n-workflow';
import type { WorkflowTemplate } from '../../sandbox/playground/api';
import { EVERYDAY_REQUESTS } from '../proofs/workflows/everydayRequests';
import { nextStep, type OfferedTool, type Step } from '../proofs/workflows/modelStub';

/**
 * The texts of the agent tools, read by the model stub: does each everyday request lead to its tool? The proof asks the
 * same through a real n8n, with answers; here one sees at once that a description was made worse.
 */

const { nodes } = JSON.parse(
	readFileSync(join(__dirname, '..', '..', 'workflows', 'agent-tools.json'), 'utf8'),
) as WorkflowTemplate;

/** The tools as n8n makes them of the workflow. */
const TOOLS: OfferedTool[] = nodes
	.filter(({ type }) => type.endsWith('Tool'))
	.map(({ name, parameters }) => {
		const found: Parameters<typeof traverseNodeParameters>[1] = [];
		traverseNodeParameters(parameters as never, found);
		return {
			name: name.replaceAll(' ', '_'),
			description: String(parameters.toolDescription),
			schema: {
				properties: Object.fromEntries(
					found.map(({ key, type, description }) => [key, { type, description }]),
				),
				required: found.filter((each) => each.defaultValue === undefined).map(({ key }) => key),
			},
		};
	});

/** What the PBX would say: enough to look things up in. */
const ANSWERS: Record<string, object[]> = {
	Find_Colleague: [
		{ Id: 29, Number: '100', FirstName: 'Amelia', LastName: 'Hartley' },
		{ Id: 30, Number: '101', FirstName: 'Rhys', LastName: 'Bevan' },
		{ Id: 33, Number: '104', FirstName: 'Keira', LastName: 'Doyle' },
	],
	Current_Calls: [
		{
			callId: 3,
			extensions: ['106', '107'],
			legs: [
				{ callId: 3, participantId: 17, extension: '106', number: '+441632960141' },
				{ callId: 4, participantId: 18, extension: '107', number: '+441632960142' },
			],
		},
	],
};
const WORLD = { talking: 17, ending: 18 };

/** What the stub does for a request, with tools that may be called otherwise but stand in the same order. */
function done(ask: string, tools: readonly OfferedTool[]): Step[] {
	const steps: Step[] = [];
	for (;;) {
		const next = nextStep(ask, tools, steps);
		if ('answer' in next) break;
		const { name = '' } = TOOLS[tools.findIndex((tool) => tool.name === next.tool)] ?? {};
		const { search = '' } = next.arguments;
		const rows = ANSWERS[name] ?? [];
		const found = rows.filter((row) =>
			search.split(' ').every((word) => JSON.stringify(row).includes(word)),
		);
		steps.push({ ...next, answer: JSON.stringify(found) });
	}
	return steps;
}

/** The tools that are used for a request, by their real names. */
const used = (ask: string, tools: readonly OfferedTool[]) =>
	done(ask, tools).map(({ tool }) => TOOLS[tools.findIndex(({ name }) => name === tool)]?.name);

/** Which requests go to other tools than they should, or to none. */
const astray = (tools: readonly OfferedTool[]) =>
	EVERYDAY_REQUESTS.filter(
		(request) => !isDeepStrictEqual(used(request.ask, tools), request.tools),
	).map(({ ask }) => ask);

test.each(EVERYDAY_REQUESTS)('$ask', (request) => {
	const steps = done(request.ask, TOOLS);
	expect(steps.map(({ tool }) => tool)).toEqual(request.tools);
	if (request.with) expect(steps.at(-1)?.arguments).toEqual(request.with(WORLD));
});

test('every tool is asked for', () => {
	const asked = new Set(EVERYDAY_REQUESTS.flatMap(({ tools }) => tools));
	expect(TOOLS.map(({ name }) => name).filter((name) => !asked.has(name))).toEqual([]);
});

describe('the stub goes by the texts alone', () => {
	test.each(TOOLS.map(({ name }) => name))('%s is not found with the texts of another', (name) => {
		const at = TOOLS.findIndex((tool) => tool.name === name);
		const other = TOOLS[(at + 1) % TOOLS.length]!;
		const one = TOOLS[at]!;
		const swapped = TOOLS.map((tool) =>
			tool === one
				? { ...other, name: one.name.replaceAll(/\p{L}/gu, 'x') }
				: tool === other
					? { ...one, name: other.name.replaceAll(/\p{L}/gu, 'y') }
					: tool,
		);
		expect(astray(swapped)).not.toEqual([]);
	});

	test('without any text nothing is found', () => {
		const mute = TOOLS.map((tool, at) => ({
			...tool,
			name: `tool${at}`,
			description: '',
			schema: {},
		}));
		expect(astray(mute)).toEqual(
			EVERYDAY_REQUESTS.filter(({ tools }) => tools.length > 0).map(({ ask }) => ask),
		);
	});
});

import type { IDataObject } from 'n8n-workflow';
import { queryString } from '../../../../lib/odata/query';
import { isEmptyAnswer } from '../../../../lib/xapi/answer';
import { getEntity, type Entity } from '../../../../lib/xapi/entities';
import { afterChange, SAYS_NOTHING, unseen } from '../../../../lib/xapi/afterChange';
import { invoke } from '../../../../lib/xapi/invoke';
import type { ItemRun } from '../../../shared/router';
import { dialledNumber } from '../../../shared/fields/dialled';
import { aboutRow, locateKey } from '../../locator';
import { asOutput } from '../../operations/output';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';

/** State of a trunk, which is what changes when it registers. */
const stateOf = async ({ client, signal }: ItemRun, id: string | number) => {
	const query = queryString({ select: ['Id', 'Number', 'IsOnline', 'ConfigurationIssue'] });
	return (await getEntity(client, `/Trunks(${id})`, query, { signal })) as IDataObject;
};

export const refreshRegistration: OwnOperation = {
	name: 'refreshRegistration',
	label: 'Refresh Registration',
	action: 'Refresh the registration of a trunk',
	description: 'Register the trunk with its provider again and return its state',
	onRow: true,
	uses: ['RefreshRegistration', 'GetTrunk'],
	execute: async (run) =>
		await aboutRow(run, rows, async () => {
			const id = await locateKey(run, rows);
			await invoke(run.client, 'RefreshRegistration', { body: { id }, signal: run.signal });
			const state = await afterChange(async () => await stateOf(run, id), { Id: id });
			return { ...(state as IDataObject), refreshed: true };
		}),
};

interface TestResult {
	Reports?: Array<{ Code?: string; Level?: string; Template: string; Params?: string[] }>;
	Log?: IDataObject[];
}

/** What a test call found: whether anything failed (null where the PBX does not say), and each finding as a sentence. */
const asVerdict = ({ Reports = [], Log = [] }: TestResult) => ({
	ok: !Reports.some(({ Level }) => Level === 'Error' || Level === 'Critical'),
	findings: Reports.map(({ Code, Level, Template, Params = [] }) => ({
		level: Level,
		code: Code,
		message: Template.replace(/\{(\d+)\}/g, (gap, index: string) => Params[Number(index)] ?? gap),
	})),
	log: Log,
});

const testOperation = (
	direction: 'Inbound' | 'Outbound',
	more: Pick<OwnOperation, 'properties' | 'description'>,
	bodyOf: (run: ItemRun) => Entity,
): OwnOperation => ({
	...more,
	name: `test${direction}Call`,
	label: `Test ${direction} Call`,
	action: `Test an ${direction.toLowerCase()} call over a trunk`,
	onRow: true,
	uses: [`Test${direction}Call`],
	execute: async (run) =>
		await aboutRow(run, rows, async () => {
			const body = bodyOf(run);
			const Id = await locateKey(run, rows);
			const invocation = { parameters: { Id }, body, signal: run.signal };
			const result = await invoke(run.client, `Test${direction}Call`, invocation);
			// The call has been made all the same.
			const isTold = !isEmptyAnswer(result);
			const verdict = asVerdict(isTold ? (result as TestResult) : {});
			return asOutput([
				{ Id, ...verdict, ...(isTold ? {} : { ok: null, ...unseen(SAYS_NOTHING) }) },
			]);
		}),
});

export const testInboundCall = testOperation(
	'Inbound',
	{ description: 'Wait for an external call and report the result' },
	() => ({}),
);

export const testOutboundCall = testOperation(
	'Outbound',
	{
		description: 'Make a call over the trunk and report the result',
		properties: [
			{
				displayName: 'Number to Call',
				name: 'destination',
				type: 'string',
				required: true,
				default: '',
				placeholder: 'e.g. +442079460101',
			},
			{
				displayName: 'Extension Name or ID',
				name: 'contact',
				type: 'options',
				required: true,
				typeOptions: { loadOptionsMethod: 'getExtensions' },
				default: '',
				description:
					'The extension to connect when the call is answered. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
			},
		],
	},
	// What XAPI means by `contact` is not documented [?]: the extension that makes the call, it seems.
	({ context, index }) => ({
		destination: dialledNumber(
			'destination',
			'Number to Call',
			context.getNodeParameter('destination', index),
		),
		contact: String(context.getNodeParameter('contact', index)),
	}),
);

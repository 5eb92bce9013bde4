import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';
import { compatibilityReport } from '../../../lib/contract/report';
import { ThreeCxError } from '../../../lib/http/errors';
import { queryString } from '../../../lib/odata/query';
import { readOverview } from '../../../lib/status/overview';
import { checkAccess } from '../../../lib/xapi/access';
import { getEntity, listEntities, XAPI, type Entity } from '../../../lib/xapi/entities';
import { invoke, invokeRows } from '../../../lib/xapi/invoke';
import { requiredText } from '../../../lib/xapi/nested';
import { CREDENTIAL, type ThreeCxCredentials } from '../../shared/credential';
import type { ItemRun } from '../../shared/router';
import { rowNamed } from '../fields/named';
import { byName, rowsOf } from '../lists';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import { asOutput, pick } from '../operations/output';
import { replaceDestination } from './replaceDestination';
import type { XapiResource } from '../resource';

/** What the status is simplified to; the whole has 52 fields. */
const STATUS = [
	'FQDN',
	'Version',
	'CallsActive',
	'MaxSimCalls',
	'ExtensionsRegistered',
	'ExtensionsTotal',
	'TrunksRegistered',
	'TrunksTotal',
	'HasNotRunningServices',
	'HasUnregisteredSystemExtensions',
	'DiskUsage',
	'FreeDiskSpace',
	'RecordingStopped',
	'VoicemailStopped',
	'LastBackupDateTime',
	'LicenseActive',
	'ExpirationDate',
];

/** The kinds of telemetry, and the function behind each. */
const TELEMETRY = {
	network: { label: 'Network', operationId: 'NetworkTelemetry' },
	services: { label: 'Services', operationId: 'ServiceTelemetry' },
	system: { label: 'System', operationId: 'SystemTelemetry' },
} as const;

async function getStatus(run: ItemRun): Promise<IDataObject[]> {
	const { client, signal } = run;
	const query = queryString({ select: isSimplified(run) ? STATUS : [] });
	return asOutput([await getEntity(client, '/SystemStatus', query, { signal })]);
}

/** The licence with what it allows; its key stays hidden. */
async function getLicence({ client, signal }: ItemRun): Promise<IDataObject[]> {
	const [status, parameters] = await Promise.all([
		getEntity(client, '/LicenseStatus', undefined, { signal }),
		invoke(client, 'GetLicenseParameters', { signal }),
	]);
	return asOutput([{ ...status, ...(parameters as Entity) }]);
}

/** From the header that XAPI answers carry, which every role gets; the singleton only has it for administrators. */
async function getVersion({ client, signal }: ItemRun): Promise<IDataObject> {
	const { headers } = await client.request({
		method: 'GET',
		path: `${XAPI}/Defs`,
		query: queryString({ select: ['Id'] }),
		signal,
	});
	const version = [headers['x-3cx-version']].flat()[0];
	if (version !== undefined) return { version };
	const status = await getEntity(client, '/SystemStatus', '$select=Version', { signal });
	return { version: requiredText(status, 'Version') };
}

async function getCompatibilityReport(run: ItemRun): Promise<IDataObject> {
	const { context, index, client, signal } = run;
	const { clientId } = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, index);
	// No token is minted for it: that would end the one that other executions use.
	const report = await compatibilityReport(client, {
		clientId,
		listenMs: Number(context.getNodeParameter('listenFor', index, 5)) * 1000,
		signal,
	});
	return { ...report };
}

async function restartServices({ context, index, client, signal }: ItemRun): Promise<IDataObject> {
	const names = [context.getNodeParameter('services', index, []) as string | string[]].flat();
	if (names.length === 0) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'services',
			message: 'No service to restart is selected',
			hint: 'Choose at least one from the list.',
		});
	}
	const rows = await listEntities(client, '/Services', { signal });
	const namesOf = ({ Name, DisplayName }: Entity) => [Name, DisplayName];
	const ServiceNames = names.map((name) =>
		String(rowNamed(rows, name, { what: 'service', field: 'services', namesOf }).Name),
	);
	await invoke(client, 'Restart', { body: { options: { ServiceNames } }, signal });
	return { restarting: ServiceNames };
}

/** The PBX itself. */
export const system: XapiResource = {
	name: 'system',
	label: 'System',
	plural: 'System',
	description: 'Status, licence and services of the PBX, and the rights of this credential',
	operations: [
		{
			name: 'checkApiAccess',
			label: 'Check API Access',
			action: 'Check API access',
			description:
				'Check the rights of this credential, so that a workflow can skip what is not allowed',
			uses: ['GetDefs', 'ListUser', 'ListRecording', 'GetLicenseParameters'],
			execute: async ({ client, signal }) => ({ ...(await checkAccess(client, signal)) }),
		},
		{
			name: 'getCompatibilityReport',
			label: 'Get Compatibility Report',
			action: 'Get a compatibility report of the system',
			description:
				'Compare this PBX with what these nodes expect of 3CX, for a report to attach to an issue. It only reads, and the report contains no names, numbers, addresses or tokens.',
			uses: ['GetDefs', 'GetSystemStatus'],
			properties: [
				{
					displayName: 'Listen For (Seconds)',
					name: 'listenFor',
					type: 'number',
					typeOptions: { minValue: 0, maxValue: 60 },
					default: 5,
					description:
						'How long to listen for call events. Make a call during this time: some questions are about calls.',
				},
			],
			execute: getCompatibilityReport,
		},
		{
			name: 'getHealth',
			label: 'Get Health',
			action: 'Get the health of the system',
			description: 'Check that the firewall, phones and trunks work',
			uses: ['SystemHealthStatus'],
			execute: async ({ client, signal }) =>
				asOutput([(await invoke(client, 'SystemHealthStatus', { signal })) as Entity]),
		},
		{
			name: 'getLicence',
			label: 'Get Licence',
			action: 'Get the licence of the system',
			description: 'Get the product, modules, simultaneous calls and expiry; the key is hidden',
			uses: ['GetLicenseStatus', 'GetLicenseParameters'],
			execute: getLicence,
		},
		{
			name: 'getOverview',
			label: 'Get Overview',
			action: 'Get an overview of the system',
			description:
				'Get licence, trunks, SBCs, services, backups, updates and disk in one item, with a list of problems. Parts that the role does not allow are null.',
			uses: [
				'GetSystemStatus',
				'ListTrunk',
				'ListSbc',
				'ListServiceInfo',
				'ListBackups',
				'ListEventLog',
				'GetUpdates',
			],
			execute: async ({ client, signal }) => ({
				...(await readOverview(client, Date.now(), signal)),
			}),
		},
		{
			name: 'getStatus',
			label: 'Get Status',
			action: 'Get the status of the system',
			description: 'Get calls, registered phones and trunks, disk, services and backups',
			uses: ['GetSystemStatus'],
			properties: [simplifyProperty],
			execute: getStatus,
		},
		{
			name: 'getTelemetry',
			label: 'Get Telemetry',
			action: 'Get telemetry of the system',
			description: 'Get measurements of processor, memory, disk, network or services over time',
			uses: Object.values(TELEMETRY).map(({ operationId }) => operationId),
			properties: [
				{
					displayName: 'Telemetry Of',
					name: 'telemetry',
					type: 'options',
					options: Object.entries(TELEMETRY).map(([value, { label }]) => ({ name: label, value })),
					default: 'system',
				},
			],
			execute: async ({ context, index, client, signal }) => {
				const kind = context.getNodeParameter('telemetry', index) as keyof typeof TELEMETRY;
				const { operationId } = TELEMETRY[kind];
				return asOutput(await invokeRows(client, operationId, { signal }));
			},
		},
		{
			name: 'getVersion',
			label: 'Get Version',
			action: 'Get the version of the system',
			description: 'Get the version of 3CX, which every role can read',
			uses: ['GetDefs', 'GetSystemStatus'],
			execute: getVersion,
		},
		replaceDestination,
		{
			name: 'restartServices',
			label: 'Restart Services',
			action: 'Restart services of the system, which can end calls',
			description: 'Restart services of the PBX, which can end calls',
			uses: ['ListServiceInfo', 'Restart'],
			properties: [
				{
					displayName: 'Service Names or IDs',
					name: 'services',
					type: 'multiOptions',
					required: true,
					typeOptions: { loadOptionsMethod: 'getServices' },
					default: [],
					description:
						'Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
				},
			],
			execute: restartServices,
		},
	],
	loadOptions: {
		async getServices(this: ILoadOptionsFunctions) {
			const rows = await rowsOf(this, '/Services', { select: ['Name', 'DisplayName'] });
			return rows
				.map((row) => pick(row, ['Name', 'DisplayName']) as Record<string, string>)
				.map(({ Name = '', DisplayName }) => ({ name: DisplayName || Name, value: Name }))
				.sort(byName);
		},
	},
};

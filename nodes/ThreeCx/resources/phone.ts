import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { listEntities } from '../../../lib/xapi/entities';
import { invoke } from '../../../lib/xapi/invoke';
import { queryString } from '../../../lib/odata/query';
import type { ItemRun } from '../../shared/router';
import { byName, rowsOf } from '../lists';
import { aboutRow, locateKey } from '../locator';
import { asOutput } from '../operations/output';
import type { EntityResource, OwnOperation } from '../resource';

/** A phone as it registered: XAPI `PhoneRegistrar`. */
interface Registrar extends IDataObject {
	MAC?: string;
	Vendor?: string;
	Model?: string;
	UserAgent?: string;
	FirmwareVersion?: string;
	FirmwareAvailable?: string;
}

const macProperty: INodeProperties = {
	displayName: 'Phone Name or ID',
	name: 'mac',
	type: 'options',
	required: true,
	typeOptions: { loadOptionsMethod: 'getRegisteredPhones' },
	default: '',
	description:
		'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
	hint: 'In an expression, the ID is the MAC address, with or without colons',
};

/** A MAC address without the separators that people and vendors write differently. */
const bare = (mac: unknown) =>
	String(mac ?? '')
		.replace(/[^0-9a-z]/gi, '')
		.toUpperCase();

/** Phones that are registered, each with its extension; the caller hides secrets before it shows them. */
const registeredPhones = async ({ client, signal }: Pick<ItemRun, 'client' | 'signal'>) =>
	await listEntities(client, '/SipDevices', {
		query: queryString({ expand: [{ property: 'DN', select: ['Number', 'Name'] }] }),
		signal,
	});

/**
 * The registered phone that the parameter names. Its MAC goes to XAPI the way the PBX spells it.
 *
 * @throws ThreeCxError of kind `input` when the text is no MAC address, `notFound` when no phone has it
 */
async function chosenPhone(run: ItemRun): Promise<Registrar & { MAC: string }> {
	const text = String(run.context.getNodeParameter('mac', run.index, ''));
	const wanted = bare(text);
	if (!/^[0-9A-F]{12}$/.test(wanted)) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'mac',
			message: text === '' ? 'The field "Phone" is empty' : `"${text}" is not a MAC address`,
			hint: 'Choose the phone from the list, or enter its MAC address, such as 00:15:65:AA:BB:CC.',
		});
	}
	const registrars = (await registeredPhones(run)).map(
		({ Registrar: registrar }) => (registrar ?? {}) as Registrar,
	);
	const found = registrars.find(({ MAC }) => bare(MAC) === wanted);
	if (found?.MAC !== undefined) return { ...found, MAC: found.MAC };
	throw new ThreeCxError({
		kind: 'notFound',
		status: 404,
		field: 'mac',
		message: `No registered phone has the MAC address ${text}`,
		hint: 'Use Get Registered to list the phones that the PBX can reach now.',
	});
}

const phoneAction = (
	name: string,
	label: string,
	operationId: string,
	description: string,
): OwnOperation => ({
	name,
	label,
	action: `${label} a phone`,
	description,
	uses: ['ListSipDevice', operationId],
	properties: [macProperty],
	execute: async (run) => {
		const { MAC, Vendor, Model } = await chosenPhone(run);
		await invoke(run.client, operationId, { body: { mac: MAC }, signal: run.signal });
		return { MAC, Vendor, Model, sent: name };
	},
});

const upgrade: OwnOperation = {
	name: 'upgrade',
	label: 'Upgrade',
	action: 'Upgrade a phone and restart it',
	description: 'Update the firmware of a phone, which restarts it',
	uses: ['ListSipDevice', 'UpgradePhone'],
	properties: [
		macProperty,
		{
			displayName: 'Firmware Version',
			name: 'version',
			type: 'string',
			default: '',
			placeholder: 'e.g. 66.86.0.15',
			description: 'Leave empty to use the version that 3CX has for this phone',
		},
	],
	execute: async (run) => {
		const { context, index, client, signal } = run;
		const phone = await chosenPhone(run);
		const wanted = String(context.getNodeParameter('version', index, '')).trim();
		const version = wanted || phone.FirmwareAvailable;
		const { MAC, UserAgent: useragent = '', FirmwareVersion: before } = phone;
		if (!version) {
			throw new ThreeCxError({
				kind: 'impossible',
				field: 'version',
				message: `3CX has no firmware for the phone ${MAC}`,
				hint: 'Enter the version, or load the firmware under Phones > Firmware in the Admin Console.',
			});
		}
		const upgrading = version !== before;
		if (upgrading) {
			await invoke(client, 'UpgradePhone', { body: { mac: MAC, useragent, version }, signal });
		}
		return { MAC, before, version, upgrading };
	},
};

const getRegistered: OwnOperation = {
	name: 'getRegistered',
	label: 'Get Registered',
	action: 'Get registered phones',
	description:
		'List the phones that are currently registered, each with its extension and firmware',
	uses: ['ListSipDevice'],
	execute: async (run) => {
		const rows = await registeredPhones(run);
		return asOutput(
			rows.map(({ Id, DN, Registrar: registrar }) => {
				const { Number: number, Name } = (DN ?? {}) as IDataObject;
				return { Id, Extension: number, Name, ...(registrar as Registrar | undefined) };
			}),
		);
	},
};

const provision: OwnOperation = {
	name: 'provision',
	label: 'Provision',
	action: 'Provision a phone',
	description: 'Assign a phone that 3CX detected in the network to a user',
	onRow: true,
	uses: ['Provision'],
	properties: [
		{
			displayName: 'User Name or ID',
			name: 'userId',
			type: 'options',
			required: true,
			typeOptions: { loadOptionsMethod: 'getUserIds' },
			default: '',
			description:
				'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
		},
		{
			displayName: 'Replace',
			name: 'reprovision',
			type: 'boolean',
			default: false,
			description: 'Whether to set up a phone again that is already assigned to a user',
		},
	],
	execute: async (run) =>
		await aboutRow(run, phone, async () => {
			const { context, index, client, signal } = run;
			const Id = await locateKey(run, phone);
			const userId = Number(context.getNodeParameter('userId', index));
			if (!Number.isInteger(userId) || userId <= 0) {
				throw new ThreeCxError({
					kind: 'input',
					field: 'userId',
					message: 'The field "User" does not contain a user',
					hint: 'Choose one from the list. In an expression, use the Id of the user, not the extension number.',
				});
			}
			const reprovision = context.getNodeParameter('reprovision', index, false) as boolean;
			const body = { userId, reprovision };
			await invoke(client, 'Provision', { parameters: { Id }, body, signal });
			return { Id, userId, provisioned: true };
		}),
};

/** Phones: those that 3CX detected in the network (XAPI `DeviceInfos`), and those that are registered (`SipDevices`). */
export const phone: EntityResource = {
	name: 'phone',
	label: 'Phone',
	plural: 'Phones',
	description: 'A desk phone that is detected in the network or registered to an extension',
	entitySet: 'DeviceInfos',
	type: 'DeviceInfo',
	naturalKeys: [{ property: 'MAC', label: 'MAC Address', placeholder: 'e.g. 001565AABBCC' }],
	title: ({ MAC, Vendor, Model }) => [MAC, Vendor, Model].filter(Boolean).join(' '),
	searchIn: ['MAC', 'Vendor', 'Model', 'AssignedUser'],
	summary: [
		'Id',
		'MAC',
		'Vendor',
		'Model',
		'FirmwareVersion',
		'NetworkAddress',
		'Assigned',
		'AssignedUser',
		'DetectedAt',
		'SbcName',
	],
	expand: {},
	fields: [],
	operations: [
		getRegistered,
		provision,
		phoneAction('reboot', 'Reboot', 'RebootPhone', 'Restart a phone'),
		phoneAction(
			'reprovision',
			'Reprovision',
			'ReprovisionPhone',
			'Make a phone load its settings again',
		),
		upgrade,
	],
	loadOptions: {
		async getRegisteredPhones() {
			const rows = await rowsOf(this, '/SipDevices', {
				expand: [{ property: 'DN', select: ['Number', 'Name'] }],
			});
			return rows
				.map(({ DN, Registrar: registrar }) => {
					const { Number: number, Name } = (DN ?? {}) as IDataObject;
					const { MAC, Model } = (registrar ?? {}) as Registrar;
					return {
						name: [number, Name, Model, MAC].filter(Boolean).map(String).join(' '),
						value: String(MAC ?? ''),
					};
				})
				.filter(({ value }) => value !== '')
				.sort(byName);
		},
		async getUserIds() {
			const rows = await rowsOf(this, '/Users', {
				select: ['Id', 'Number', 'FirstName', 'LastName'],
			});
			return rows
				.map(({ Id, Number: number, FirstName, LastName }) => ({
					name: [number, FirstName, LastName].filter(Boolean).join(' '),
					value: Number(Id),
				}))
				.sort(byName);
		},
	},
};

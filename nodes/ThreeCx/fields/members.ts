import type { IDataObject, INodeProperties } from 'n8n-workflow';
import type { PbxClient } from '../../../lib/http/client';
import type { Expand } from '../../../lib/odata/expand';
import type { Entity, RequestOptions } from '../../../lib/xapi/entities';
import {
	changeMembers,
	keptMember,
	type MemberChange,
	type MemberResult,
	type MemberRows,
} from '../../../lib/xapi/members';
import type { ItemRun } from '../../shared/router';
import { onRow } from '../onRow';
import type { EntityResource, Field, OwnOperation } from '../resource';
import { DEPARTMENT_HINT, departmentsNamed } from './departments';
import { extensionsOf, extensionsParameter } from './extensions';
import { ROLE_OPTIONS } from './roles';

/** Who is in a queue, a ring group or a department, and how that is changed. */

export const departmentParameter: INodeProperties = {
	displayName: 'Department Name or ID',
	name: 'groupId',
	type: 'options',
	typeOptions: { loadOptionsMethod: 'getDepartments' },
	default: '',
	description:
		'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
	hint: DEPARTMENT_HINT,
};

export const roleParameter: INodeProperties = {
	displayName: 'Role',
	name: 'role',
	type: 'options',
	options: ROLE_OPTIONS,
	default: 'users',
	description: 'Their role in the department',
};

interface Memberships {
	membership?: Array<{ groupId: number | string; role: string }>;
}

/** A place in a department as XAPI takes it. 3CX ignores a role written as GroupRights (protocol 4.5): it belongs in Rights. */
export const membershipOf = (GroupId: number, role: string) => ({
	GroupId,
	Rights: { RoleName: role },
});

/** Departments with a role in each: the field `Groups` of users and API clients. */
export const membershipsField: Field = {
	property: 'Groups',
	prominent: true,
	toXapi: async ({ membership = [] }: Memberships, at) => {
		const names = membership.map(({ groupId }) => groupId);
		const ids = await departmentsNamed(at, names, 'departments');
		return membership.map(({ role }, place) => membershipOf(ids[place]!, role));
	},
	parameter: {
		displayName: 'Departments',
		name: 'departments',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add Department',
		default: {},
		description: 'The departments, and the role in each. Replaces all existing ones.',
		options: [
			{
				name: 'membership',
				displayName: 'Department',
				values: [departmentParameter, roleParameter],
			},
		],
	},
};

/** Whether those departments come on top of the ones that the user or API client is in. */
export const keepDepartmentsField: Field = {
	property: 'Groups',
	merge: (held, wanted) => [
		...held
			.filter(({ GroupId }) => !wanted.some((one) => one.GroupId === GroupId))
			.map(keptMembership),
		...wanted,
	],
	parameter: {
		displayName: 'Keep Other Departments',
		name: 'keepDepartments',
		type: 'boolean',
		default: true,
		description:
			'Whether Departments adds to the departments that are there, instead of replacing them',
	},
};

/** What is written back of a membership that stays. */
const keptMembership = ({ GroupId, Rights }: Entity): Entity => ({ GroupId, Rights });

/** Brings memberships along with their roles. */
export const MEMBERSHIPS: Expand = { property: 'Groups', expand: [{ property: 'Rights' }] };

/**
 * The department that a {@link departmentParameter} of an item names.
 *
 * @returns its ID
 * @throws ThreeCxError as {@link departmentsNamed}
 */
export async function departmentOf(run: ItemRun): Promise<number> {
	const name = run.context.getNodeParameter('groupId', run.index, '') as unknown;
	const [id] = await departmentsNamed(run, [name], 'groupId');
	return id!;
}

/** What is done with a place in a department. */
type DepartmentChange = Pick<MemberChange, 'add' | 'remove'>;

/**
 * Changes the departments of a DN on its own side (`Users(12).Groups`), which is shorter than the department's list of
 * members and touched by fewer programs. Roles in other departments are written back as they were read.
 *
 * @param path the DN, such as `/Users(12)`
 */
export const changeDepartments = async (
	client: PbxClient,
	path: string,
	change: DepartmentChange,
	options: RequestOptions,
): Promise<MemberResult> =>
	await changeMembers(client, {
		path,
		property: 'Groups',
		expand: MEMBERSHIPS,
		same: (one, other) => one.GroupId === other.GroupId,
		kept: keptMembership,
		...change,
		...options,
	});

/**
 * What happened to a list, as properties of the item: the same for every operation that adds members or removes them.
 *
 * @param result what was done
 * @param nameOf how the item names a member, such as by extension number
 */
export function membersOutput(
	{ outcome, changed, unseen, ...rows }: MemberResult,
	nameOf: (member: Entity) => string | number,
): IDataObject {
	const named = (which: keyof MemberRows) => rows[which].map(nameOf);
	return {
		outcome,
		changed: changed as IDataObject,
		added: named('added'),
		updated: named('updated'),
		removed: named('removed'),
		unchanged: named('unchanged'),
		...unseen,
	};
}

const byNumber = ({ Number: number }: Entity) => String(number);

/** A list of extensions that a row has. */
export interface ExtensionList {
	/** The resource that has it, without these operations. */
	rows: EntityResource;
	/** XAPI property, such as `Agents`. */
	property: string;
	/** As in "Add Agent" and "Agent Names or IDs". */
	label: string;
	/** What stands for the row in sentences, such as "a queue". */
	owner: string;
	/** What else can be set for those who are added. */
	detail?: {
		parameter: INodeProperties;
		/** XAPI property of the member. */
		property: string;
	};
	/** operationIds of reading and changing the row. */
	uses: string[];
}

/** The operations that add extensions to a list and take them out of it. */
export function memberOperations(list: ExtensionList): OwnOperation[] {
	const { rows, property, label, owner, detail, uses } = list;
	const what = label.toLowerCase();
	const change = async (run: ItemRun, verb: 'add' | 'remove'): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const value = detail && context.getNodeParameter(detail.parameter.name, index, '');
		// Empty leaves what is set: 3CX decides for new members.
		const details = verb === 'add' && detail && value !== '' ? { [detail.property]: value } : {};
		const members = extensionsOf(run, 'extensions').map((number) => ({
			Number: number,
			...details,
		}));
		return await onRow(run, rows, async ({ id, path }) => {
			const result = await changeMembers(client, {
				path,
				property,
				[verb]: members,
				same: (one, other) => one.Number === other.Number,
				kept: keptMember(detail && [detail.property]),
				signal,
			});
			return { Id: id, ...membersOutput(result, byNumber) };
		});
	};
	const extensions = extensionsParameter({
		displayName: `${label} Names or IDs`,
		name: 'extensions',
		required: true,
	});
	return [
		{
			name: `add${label}`,
			label: `Add ${label}`,
			action: `Add ${what}s to ${owner}`,
			description: `Add one or more ${what}s and keep the existing ones; adding an existing one changes nothing`,
			onRow: true,
			uses,
			dryRun: true,
			properties: [extensions, ...(detail ? [detail.parameter] : [])],
			execute: async (run) => await change(run, 'add'),
		},
		{
			name: `remove${label}`,
			label: `Remove ${label}`,
			action: `Remove ${what}s from ${owner}`,
			description: `Remove one or more ${what}s and keep the others; removing one that is not a member changes nothing`,
			onRow: true,
			uses,
			dryRun: true,
			properties: [extensions],
			execute: async (run) => await change(run, 'remove'),
		},
	];
}

import type { INodePropertyOptions } from 'n8n-workflow';

/** The roles of a department member (protocol 1.6), strongest first, under the names that the Admin Console shows. */
export const ROLE_OPTIONS: INodePropertyOptions[] = [
	{ name: 'System Owner', value: 'system_owners', description: 'Everything, in all departments' },
	{
		name: 'System Admin',
		value: 'system_admins',
		description: 'Everything except recordings and call history',
	},
	{ name: 'Department Owner', value: 'group_owners', description: 'Everything in the department' },
	{
		name: 'Manager',
		value: 'managers',
		description: 'Can see the calls, recordings and reports of the department',
	},
	{
		name: 'Department Admin',
		value: 'group_admins',
		description: 'Can manage the users and settings of the department',
	},
	{ name: 'Receptionist', value: 'receptionists', description: 'Can handle the calls of others' },
	{ name: 'User', value: 'users', description: 'Own calls only' },
];

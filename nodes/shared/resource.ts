import type { INodeProperties } from 'n8n-workflow';
import type { ItemResult, ItemRun } from './router';

/** One operation of an action node: what the panel shows for it, and what it does. */
export interface Operation {
	/** Value of the Operation parameter, such as `makeCall`. */
	name: string;
	/** As in the Operation dropdown, such as "Make Call". */
	label: string;
	/** What the editor lists among all actions and AI agents read, in sentence case, such as "Make a call". */
	action: string;
	description: string;
	/** Its parameters; when they are shown need not be said, unless it depends on another of them. */
	properties?: readonly INodeProperties[];
	/**
	 * It has a dry run: with a client of that kind it tells what it would change, in `outcome` and `changed`, and sends
	 * nothing that writes.
	 */
	dryRun?: boolean;
	/** Carries it out for one item. */
	execute: (run: ItemRun) => Promise<ItemResult>;
}

/** What an action node has operations for. */
export interface Resource {
	/** Value of the Resource parameter, such as `call`. */
	name: string;
	/** As in the Resource dropdown: Title Case, singular. */
	label: string;
	description?: string;
	/** In the order of the Operation dropdown. */
	operations: readonly Operation[];
	/** Name of the operation that the panel offers before anybody has chosen; the first of the list when left out. */
	first?: string;
}

/** A row of a table as people name it, such as the operation that a parameter belongs to. */
type Named = Pick<Resource, 'name'>;

/** `showFor(user, 'create', 'upsert')`: display options that show a parameter for these operations of a resource. */
export const showFor = ({ name }: Named, ...operations: string[]) => ({
	show: { resource: [name], operation: operations },
});

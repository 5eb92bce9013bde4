import type { Resource } from '../resource';
import { contact } from './contact';
import { department } from './department';
import { queue } from './queue';
import { user } from './user';

/** Every resource of the 3CX node, in the order of the Resource dropdown. */
export const RESOURCES: readonly Resource[] = [contact, department, queue, user];

/** @returns the resource with this value of the Resource parameter */
export function resourceNamed(name: string): Resource {
	const resource = RESOURCES.find((candidate) => candidate.name === name);
	if (!resource) throw new Error(`The 3CX node has no resource "${name}"`);
	return resource;
}

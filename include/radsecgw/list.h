/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_LIST_H
#define RADSECGW_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The caller must look at what the function returns: it can fail, or gives away something that must be freed. */
#define RGW_MUST_USE __attribute__((warn_unused_result))

/*
 * Intrusive doubly linked list. The list owns nothing; an object embeds the link and is on at most
 * one list per link. A link that is on no list points to itself, so taking it off twice is safe.
 */
struct rgw_link {
	struct rgw_link *prev;
	struct rgw_link *next;
};

#define RGW_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline void
rgw_link_init(struct rgw_link *l)
{
	l->prev = l->next = l;
}

static inline bool
rgw_link_linked(const struct rgw_link *l)
{
	return l->next != l;
}

static inline void
rgw_link_remove(struct rgw_link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	rgw_link_init(l);
}

/* The list head is a link, too; an empty list is a head that points to itself. */
static inline void
rgw_list_append(struct rgw_link *head, struct rgw_link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

static inline void
rgw_list_prepend(struct rgw_link *head, struct rgw_link *l)
{
	rgw_list_append(head->next, l);
}

static inline bool
rgw_list_empty(const struct rgw_link *head)
{
	return head->next == head;
}

/* The analyzer cannot follow links into the objects around them and takes every loop that frees a
 * list for a use after free; hence the marks below. */

/* Takes the first link off and returns it, or NULL. */
static inline struct rgw_link *
rgw_list_pop(struct rgw_link *head)
{
	struct rgw_link *l = head->next;

	if (l == head)
		return NULL;
	rgw_link_remove(l);  /* NOLINT(clang-analyzer-unix.Malloc) */
	return l;
}

/* The last link of the list, or NULL. */
static inline struct rgw_link *
rgw_list_last(const struct rgw_link *head)
{
	return head->prev != head ? head->prev : NULL;
}

/* The first link of the list, or NULL. */
static inline struct rgw_link *
rgw_list_first(const struct rgw_link *head)
{
	return head->next != head ? head->next : NULL;  /* NOLINT(clang-analyzer-unix.Malloc) */
}

#endif

//! C.

use super::{Language, check, check_uses};
use expect_test::expect;

pub(super) const SNIPPET: &str = r#"/* Licence. */
#ifndef LIST_H
#define LIST_H
#include <stdio.h>
#include "list/node.h"
#define MAX 10
/// Twice as much.
#define TWICE(x) ((x) * factor(2))

/** A node. */
typedef struct node {
    int value; /* not about next */
    struct node *next, *prev;
    union { int i; float f; } as;
    union { int bare; };
    void (*callback)(int code, void *state);
    unsigned flags : 3;
} Node;

// Two of them.
typedef struct { int a, b; } Pair, *PairPtr;
typedef int (*compare_fn)(const void *, const void *);
enum color { RED, GREEN = 2 };
enum { ONE, TWO };
struct forward;
extern int counter;
static const char *names[] = { "a", [MAX] = "b" };
static struct { int x; } table[3] = { { .x = 1 } };

// Adds.
int add(int a, int b);

static inline struct node *make(struct node *parent, int n[static 3])
{
    static int calls;
    Node *self = malloc(sizeof(Node));
    for (int i = 0; i < n[0]; i++) { self->value += i; (*self).next = 0; }
    self->callback(1, NULL);
    compare_fn fn = cmp;
    int x = add(fn(1, 2), TWICE(3)), y;
    if (x == RED) goto out;
out:
    return (struct node *)self;
}

void (*signal(int number, void (*func)(int)))(int) { return func; }
int old(a, b) int a; char b; { return a; }
#endif
"#;

#[test]
fn outline() {
    check(
        Language::C,
        SNIPPET,
        &expect![[r#"
            constant LIST_H 3-4 pub | #define LIST_H
            constant MAX 6-7 pub | #define MAX 10
            function TWICE 8-9 pub | #define TWICE(x) ((x) * factor(2)) | /// Twice as much.
            struct node 11-18 pub | typedef struct node | /** A node. */
              field node.value 12 pub | int value;
              field node.next 13 pub | struct node *next, *prev;
              field node.prev 13 pub | struct node *next, *prev;
              field node.as 14 pub | union { int i; float f; } as;
                field node.as.i 14 pub | int i;
                field node.as.f 14 pub | float f;
              field node.bare 15 pub | int bare;
              field node.callback 16 pub | void (*callback)(int code, void *state);
              field node.flags 17 pub | unsigned flags : 3;
            class Node 11-18 pub | typedef struct node { int value; /* not about next */ struct node *next, *prev; union { int i; float f; } as; union { int bare; }; void (*callback)(int code, void *state); unsigned flags : 3; } Node;
            struct Pair 21 pub | typedef struct { int a, b; } Pair, *PairPtr; | // Two of them.
              field Pair.a 21 pub | int a, b;
              field Pair.b 21 pub | int a, b;
            class PairPtr 21 pub | typedef struct { int a, b; } Pair, *PairPtr; | // Two of them.
            class compare_fn 22 pub | typedef int (*compare_fn)(const void *, const void *);
            enum color 23 pub | enum color
              enum-member color.RED 23 pub | RED
              enum-member color.GREEN 23 pub | GREEN = 2
            enum-member ONE 24 pub | ONE
            enum-member TWO 24 pub | TWO
            variable counter 26 pub | extern int counter;
            variable names 27 | static const char *names[] = { "a", [MAX] = "b" };
            variable table 28 | static struct { int x; } table[3] = { { .x = 1 } };
              field table.x 28 pub | int x;
            function add 31 pub | int add(int a, int b); | // Adds.
            function make 33-44 | static inline struct node *make(struct node *parent, int n[static 3])
            function signal 46 pub | void (*signal(int number, void (*func)(int)))(int)
            function old 47 pub | int old(a, b) int a; char b;
            locals: (code@16 (state@16 (a@31 (b@31 (parent@33 (n@33 calls@35 self@36 i@37 fn@39 x@40 y@40 (number@46 (func@46 a@47 b@47
            import Bare stdio.h
            import Bare list/node.h
        "#]],
    );
}

#[test]
fn uses() {
    check_uses(
        Language::C,
        SNIPPET,
        &expect![[r#"
        2: 9 LIST_H read;
        8: 20 x read; 25 factor call;
        13: 12 node type;
        25: 8 forward type;
        27: 38 MAX read;
        28: 42 .x write;
        33: 22 node type; 40 node type;
        36: 5 Node type; 18 malloc call; 32 Node read;
        37: 21 i read; 25 n read; 31 i write; 38 self read; 44 self.value write; 53 i read; 58 self read; 64 self.next write;
        38: 5 self read; 11 self.callback call;
        39: 5 compare_fn type; 21 cmp read;
        40: 13 add call; 17 fn call; 27 TWICE call;
        41: 9 x read; 14 RED read;
        43: 20 node type; 27 self read;
        46: 61 func read;
        47: 19 a write; 27 b write; 39 a read;
    "#]],
    );
}

#[test]
fn the_names_in_a_macro_are_uses() {
    let text = "#define LOG(f, ...) do { if (on > 0x1f) log_it(\"a \\\" b\", 'c', it->field); } while (0)\n";
    check_uses(
        Language::C,
        text,
        &expect![[r#"
        1: 30 on read; 41 log_it call; 63 it read; 67 it.field read;
    "#]],
    );
}

/* The per-bit work of the context mixer; tests/mixing_twin.py computes the same bits in Python.
 *
 * Every number comes out the same on every machine and in the twin: floats are IEEE single precision, only added,
 * subtracted, multiplied and compared, in a fixed order and never contracted into fused operations; logarithms and
 * exponentials come from tables that Python hands over. All lasting state lies in one arena of bytes, so that undoing
 * is copying old words back from a journal.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif
/* The two loops over all inputs, compiled for wider registers, too, where the loader can choose: the same bits in any. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) && !defined(__UCLIBC__)
#define WIDE __attribute__((target_clones("avx2", "default"), noinline))
#else
#define WIDE
#endif
#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)0)
#endif

/* Contexts: index into the hashes of one position. */
enum { O1, O2, O3, O4, O5, O6, O8, O12, WORD, WORD2, WORD3, ABOVE, SKIP, FIRST, KINDS, COLUMN, CONTEXTS };
/* Contexts of runs, in the session alone: of each, the three characters that came last. */
enum { R_O3, R_O5, R_O7, R_O9, R_WORD, R_WORD2, R_WORD3, R_SKIP_WORD, R_SUFFIX, R_FIRST, R_ABOVE, R_INDENT, R_BRACKET, R_COMMA,
       R_FOLLOW1, R_FOLLOW2, R_FOLLOW3, R_SKIP1, R_SKIP2, R_SKIP3, R_MATCH, RUNS = R_MATCH + 2 };
enum { SESSION_CONTEXTS = 12, NODE_CONTEXTS = 5, SLOT_CONTEXTS = 7, MEMORIES = 2, MATCHES = 2, SETS = 6, SECONDS = 3, BINS = 17 };
enum { RUN_LENGTH = 3, RUN_CELLS = 256, HISTORIES = 256, FOLLOW_BITS = 12, STACK = 8 };
static const int session_context[SESSION_CONTEXTS] = {O1, O2, O3, O4, O6, WORD, WORD2, ABOVE, SKIP, FIRST, KINDS, COLUMN};
static const int node_context[NODE_CONTEXTS] = {O1, O2, O3, O4, SKIP};
static const int slot_context[SLOT_CONTEXTS] = {O5, O6, O8, O12, WORD, WORD2, WORD3};
static const int session_order[SESSION_CONTEXTS] = {1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
static const int node_order[NODE_CONTEXTS] = {1, 1, 1, 1, 0};
static const int slot_order[SLOT_CONTEXTS] = {1, 1, 1, 0, 0, 0, 0};
static const int match_minimum[MATCHES] = {4, 12};

enum { VERSION = 3, INPUTS = 64, SESSION_INPUTS = 40, MEMORY_INPUTS = 12, SLOT_CELLS = 144, LONGEST = 600 };
enum { ORDER_ROWS = 384, MATCH_ROWS = 256, KIND_ROWS = 512, COLUMN_ROWS = 64, MOST_SLOTS = 8, DEEPEST = 64 };

/* Registers of the arena, and the indices of the settings and constants that Python hands over (layout.py). */
enum { POSITION, CURRENT, PREVIOUS, BEFORE, FIRST_WORD, LINE, LINE_BEFORE, MATCH, INDENT = MATCH + 2 * MATCHES, SUFFIX, SUFFIX_BEFORE, DEPTH, BRACKETS, REGISTERS = 32 };
enum { SYMBOLS, CAPACITY, ENTRY_BITS, MATCH_BITS, REFINE_ROWS, MEMORY_COUNT, RUN_BITS,
       NODE_COUNT, SLOT_COUNT = NODE_COUNT + MEMORIES, SECTION = SLOT_COUNT + MEMORIES };
enum { S_REGISTERS, S_TOKENS, S_ENTRIES, S_MATCHES, S_RUNS, S_FOLLOWERS, S_WEIGHTS, S_SECOND, S_SESSION_MAPS,
       S_SLOT_MAPS, S_MATCH_MAPS, S_RUN_MAPS, S_REFINE };
enum { C_RATE, C_SECOND_RATE, C_MAP_RATE, C_MATCH_RATE, C_REFINE_RATE, C_LOW, C_HIGH, C_LEAST, C_MOST, C_COMMON, CONSTANTS = 16 };
enum { STRETCH_CELLS = 4096, SQUASH_CELLS = 4096 };
enum { SESSION_LIMIT = 60, MEMORY_LIMIT = 60 };

typedef struct {
    int symbols, nodes, capacity, entry_bits, match_bits, refine_rows, memories, inputs, run_bits;
    int64_t node_total[MEMORIES], slot_total[MEMORIES];
    uint32_t *node_table[MEMORIES], *slot_table[MEMORIES];
    const float *stretch, *squash, *constant;
    const int32_t *child, *length, *word, *fold, *kind, *role;
    const uint64_t *bits;
    const int32_t *rate;
    uint64_t *registers, *runs;
    uint32_t *entries, *followers;
    uint16_t *tokens;
    int32_t *matches;
    float *weights, *second, *session_maps, *slot_maps, *match_maps, *run_maps, *refine;
    uint32_t *arena, *journal;
    int64_t *frames;
    int64_t journal_words, frame_count;
    int keep;
} State;

/* What was looked up for one node: enough to mix, and to learn afterwards. */
typedef struct {
    float x[INPUTS];
    float dots[SETS], single[SETS];
    float *rows[SETS], *second[SECONDS], *low[2];
    float blended[SECONDS];
    float fraction, mixed, p;
    uint64_t hashes[SESSION_CONTEXTS];
    float *maps[SESSION_CONTEXTS + RUNS + MEMORIES * SLOT_CONTEXTS + MATCHES];
    int map_count;
} Node;

/* What is shared by all nodes of one position. */
typedef struct {
    uint64_t registers[REGISTERS];
    uint64_t hash[CONTEXTS], run_hash[RUNS];
    int run_token[RUNS][RUN_LENGTH], run_times[RUNS][RUN_LENGTH];
    int last, above, column, row_of_kinds;
    int slot_count[MEMORIES][SLOT_CONTEXTS];
    int slot_token[MEMORIES][SLOT_CONTEXTS][MOST_SLOTS], slot_times[MEMORIES][SLOT_CONTEXTS][MOST_SLOTS];
    int predicted[MATCHES], bucket[MATCHES];
    const float *network;
    float below[4096];
    Node nodes[DEEPEST];
} Place;

static uint64_t scramble(uint64_t value, uint64_t factor) { value *= factor; return value ^ (value >> 31); }

static uint64_t node_hash(uint64_t hash, int node) {
    hash += (uint64_t)(node + 1) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 29;
    hash *= 0xBF58476D1CE4E5B9ull;
    return hash ^ (hash >> 32);
}

static int token_at(const State *s, int64_t position) { return position < 0 ? 0 : s->tokens[position] + 1; }

static int length_bucket(int length) {
    if (length < 16) return length;
    if (length < 32) return 16 + (length - 16) / 4;
    if (length < 64) return 20 + (length - 32) / 8;
    return length < 512 ? 24 + (length - 64) / 64 : 31;
}

static uint64_t hash_of(uint64_t one, uint64_t other) {
    one = (one + other * 0x9E3779B97F4A7C15ull + 1) * 0xD6E8FEB86659FD93ull;
    one = (one ^ (one >> 32)) * 0xA0761D6478BD642Full;
    return one ^ (one >> 29);
}

static int follower_of_two(int c1, int c2) {
    return (1 << FOLLOW_BITS) + (int)(hash_of((uint64_t)c1, (uint64_t)c2) >> (64 - FOLLOW_BITS));
}

/* The context hashes of the character at the position of `r`, in the order of the enumeration above. */
static void find_contexts(const State *s, const uint64_t *r, uint64_t *hash, uint64_t *run, int *last, int *above_out, int *column_out, int *row) {
    int64_t i = (int64_t)r[POSITION];
    int c1 = token_at(s, i - 1), c2 = token_at(s, i - 2), c3 = token_at(s, i - 3), c4 = token_at(s, i - 4);
    uint64_t h = 0, order[13], kinds = 0, start = r[CURRENT] + (uint64_t)c1;
    for (int j = 1; j <= 12; j++) {
        int c = token_at(s, i - j);
        h = scramble(h + (uint64_t)c + 1, 0x9E3779B97F4A7C15ull);
        order[j] = h;
        if (j <= 8) kinds = kinds * 8 + (uint64_t)(c ? s->kind[c - 1] : 7);
        if (j == 2) *row = (int)kinds;
    }
    int64_t column = i - (int64_t)r[LINE];
    int64_t over = (int64_t)r[LINE_BEFORE] + column;
    int above = over < (int64_t)r[LINE] ? s->tokens[over] + 1 : 0;
    uint64_t word = scramble(start, 0xD6E8FEB86659FD93ull);
    uint64_t word2 = scramble(word + r[PREVIOUS], 0xA0761D6478BD642Full);
    hash[O1] = order[1]; hash[O2] = order[2]; hash[O3] = order[3]; hash[O4] = order[4];
    hash[O5] = order[5]; hash[O6] = order[6]; hash[O8] = order[8]; hash[O12] = order[12];
    hash[WORD] = word;
    hash[WORD2] = word2;
    hash[WORD3] = scramble(word2 + r[BEFORE], 0xE7037ED1A0B428DBull);
    hash[ABOVE] = scramble(scramble((uint64_t)above + 1000, 0x8EBC6AF09C88C6E3ull) + (uint64_t)c1, 0x589965CC75374CC3ull);
    hash[SKIP] = scramble(scramble((uint64_t)c2 * 8192 + (uint64_t)c3, 0x1D8E4E27C47D124Full) + (uint64_t)c4, 0x589965CC75374CC3ull);
    hash[FIRST] = scramble(scramble(r[FIRST_WORD], 0xEB44ACCAB455D165ull) + start, 0x9E3779B97F4A7C15ull);
    hash[KINDS] = scramble(kinds * 8192 + (uint64_t)c1, 0x1D8E4E27C47D124Full);
    hash[COLUMN] = scramble(scramble((uint64_t)above + 7, 0x8EBC6AF09C88C6E3ull)
                            + (uint64_t)(column < 255 ? column : 255) * 8192 + (uint64_t)c1, 0x1D8E4E27C47D124Full);
    for (int k = 0; k < CONTEXTS; k++) hash[k] = (hash[k] + (uint64_t)k) * 0xD1342543DE82EF95ull;
    uint64_t top = r[DEPTH] ? r[BRACKETS + (r[DEPTH] < STACK ? r[DEPTH] : STACK) - 1] : 0;
    int c5 = token_at(s, i - 5), before = over > (int64_t)r[LINE_BEFORE] ? s->tokens[over - 1] + 1 : 0, behind = over + 1 < (int64_t)r[LINE] ? s->tokens[over + 1] + 1 : 0;
    uint32_t one = s->followers[c1 & ((1 << FOLLOW_BITS) - 1)], two = s->followers[follower_of_two(c1, c2)];
    run[R_O3] = order[3]; run[R_O5] = order[5]; run[R_O7] = order[7]; run[R_O9] = order[9];
    run[R_WORD] = word; run[R_WORD2] = word2; run[R_WORD3] = hash_of(word2, r[BEFORE]);
    run[R_SKIP_WORD] = hash_of(start, r[BEFORE]);
    run[R_SUFFIX] = hash_of(hash_of(start, r[SUFFIX]), r[SUFFIX_BEFORE]);
    run[R_FIRST] = hash_of(word2, r[FIRST_WORD]);
    run[R_ABOVE] = hash_of(hash_of((uint64_t)above, (uint64_t)before * 8192 + (uint64_t)behind), (uint64_t)c1);
    run[R_INDENT] = hash_of(hash_of(r[INDENT], (uint64_t)c1), (uint64_t)c2);
    run[R_BRACKET] = hash_of(top >> 8, start);
    run[R_COMMA] = hash_of(top, (uint64_t)c1);
    run[R_FOLLOW1] = hash_of((uint64_t)one, (uint64_t)c1);
    run[R_FOLLOW2] = hash_of((uint64_t)two, (uint64_t)c1);
    run[R_FOLLOW3] = hash_of(hash_of((uint64_t)(two & 0xFFFF), (uint64_t)c1 * 8192 + (uint64_t)c2), (uint64_t)c3);
    run[R_SKIP1] = hash_of((uint64_t)c1 * 8192 + (uint64_t)c3, 1);
    run[R_SKIP2] = hash_of((uint64_t)c2 * 8192 + (uint64_t)c3, (uint64_t)c4 * 8192 + (uint64_t)c5);
    run[R_SKIP3] = hash_of((uint64_t)c3 * 8192 + (uint64_t)c4, (uint64_t)c5);
    for (int m = 0; m < MATCHES; m++) {
        int length = (int)r[MATCH + 2 * m + 1];
        uint64_t said = length ? (uint64_t)s->tokens[r[MATCH + 2 * m]] + 1 : 0;
        run[R_MATCH + m] = hash_of(said * 64 + (uint64_t)length_bucket(length), m ? (uint64_t)c1 : (uint64_t)c1 * 8192 + (uint64_t)c2);
    }
    for (int k = 0; k < RUNS; k++) run[k] = hash_of(run[k], (uint64_t)k + 77);
    *last = c1; *above_out = above; *column_out = column < 31 ? (int)column : 31;
}

/* Words and lines after `token` at the position of `r`. */
static void advance_words(const State *s, uint64_t *r, int token) {
    int role = s->role[token];
    if (role == 1) {
        if (r[DEPTH] < STACK) r[BRACKETS + r[DEPTH]] = (hash_of(r[CURRENT] ? r[CURRENT] : r[PREVIOUS], (uint64_t)token) << 8);
        r[DEPTH]++;
    } else if (role == 2) {
        if (r[DEPTH]) r[DEPTH]--;
    } else if (role == 3 && r[DEPTH] && r[DEPTH] <= STACK) r[BRACKETS + r[DEPTH] - 1]++;
    if (s->word[token]) {
        r[CURRENT] = scramble(r[CURRENT] + (uint64_t)s->fold[token] + 1, 0x9FB21C651E98DF25ull);
    } else if (r[CURRENT]) {
        r[BEFORE] = r[PREVIOUS];
        r[PREVIOUS] = r[CURRENT];
        if (!r[FIRST_WORD]) r[FIRST_WORD] = r[CURRENT];
        r[CURRENT] = 0;
        r[SUFFIX_BEFORE] = r[SUFFIX];
        int64_t i = (int64_t)r[POSITION];
        r[SUFFIX] = (uint64_t)token_at(s, i - 1) * 8192 + (uint64_t)token_at(s, i - 2);
    }
    if (s->kind[token] == 3 && r[INDENT] == r[POSITION] - r[LINE]) r[INDENT]++;
    r[POSITION]++;
    if (s->kind[token] == 5) {
        r[INDENT] = 0;
        r[LINE_BEFORE] = r[LINE];
        r[LINE] = r[POSITION];
        r[FIRST_WORD] = 0;
    }
}

static int64_t match_slot(const State *s, int which, int64_t end) {
    uint64_t h = 0;
    for (int64_t j = end - match_minimum[which]; j < end; j++) h = scramble(h + (uint64_t)s->tokens[j] + 1, 0x9E3779B97F4A7C15ull);
    return ((int64_t)which << s->match_bits) + (int64_t)(h >> (64 - s->match_bits));
}

/* Follow or look for a match now that the token at `position` is known; the table is only read. */
static void advance_match(const State *s, uint64_t *r, int which, int token) {
    uint64_t *from = r + MATCH + 2 * which, *length = from + 1;
    int64_t end = (int64_t)r[POSITION];
    if (*length && s->tokens[*from] == token) { if (*length < LONGEST) ++*length; ++*from; return; }
    *length = 0;
    if (end < match_minimum[which]) return;
    int64_t source = s->matches[match_slot(s, which, end)], same = 0;
    if (!source) return;
    while (same < LONGEST && source - 1 - same >= 0 && s->tokens[source - 1 - same] == s->tokens[end - 1 - same]) same++;
    if (same >= match_minimum[which]) { *length = (uint64_t)same; *from = (uint64_t)source; }
}

static void advance(const State *s, uint64_t *r, int token) {
    s->tokens[r[POSITION]] = (uint16_t)token;
    advance_words(s, r, token);
    for (int m = 0; m < MATCHES; m++) advance_match(s, r, m, token);
}

static int times_level(int n) {
    if (n < 4) return n;
    if (n < 6) return 4;
    if (n < 9) return 5;
    if (n < 16) return 6;
    if (n < 32) return 7;
    if (n < 64) return 8;
    return n < 128 ? 9 : n < 256 ? 10 : 11;
}

/* Session entries: check 16 bits, history 8, times seen 8. */
static uint32_t *find_entry(const State *s, uint64_t hash) {
    uint64_t at = (hash >> 16) & (((uint64_t)1 << s->entry_bits) - 1), check = hash & 0xFFFF;
    if (!check) check = 1;
    for (int probe = 0; probe < 3; probe++) {
        uint32_t *entry = s->entries + (at ^ (uint64_t)probe);
        if (*entry >> 16 == check) return entry;
    }
    return NULL;
}

static uint32_t *entry_to_replace(const State *s, uint64_t hash) {
    uint64_t at = (hash >> 16) & (((uint64_t)1 << s->entry_bits) - 1);
    uint32_t *best = s->entries + at;
    for (int probe = 1; probe < 3; probe++) {
        uint32_t *entry = s->entries + (at ^ (uint64_t)probe);
        if ((*entry & 0xFF) < (*best & 0xFF)) best = entry;
    }
    return best;
}

/* Runs of the session: check 16 bits, then three tokens of 12 bits, each with how often it came, 4: the last one lowest. */
static uint64_t run_place(const State *s, uint64_t hash) { return (hash >> 16) & (((uint64_t)1 << s->run_bits) - 1); }

static const uint64_t *find_run(const State *s, uint64_t hash) {
    for (int probe = 0; probe < 2; probe++) {
        const uint64_t *entry = s->runs + (run_place(s, hash) ^ (uint64_t)probe);
        if (*entry >> 48 == (hash & 0xFFFF) && *entry & 0xF) return entry;
    }
    return NULL;
}

/* A probability of 16 bits moved towards `bit`. */
static uint32_t nearer(const State *s, uint32_t p, int bit, int seen) {
    int64_t difference = (int64_t)(bit ? 65535 : 0) - (int64_t)p;
    int64_t moved = (int64_t)p + ((difference * s->rate[seen]) >> 16);
    return (uint32_t)(moved < 16 ? 16 : moved > 65519 ? 65519 : moved);
}

/* Nodes of a memory: check 10 bits, times seen 6, probability 16; a node never seen is 0. */
static uint32_t *find_node(const uint32_t *table, int64_t total, uint64_t hash, int create) {
    uint64_t at = (hash >> 32) * (uint64_t)total >> 32;
    uint32_t check = (uint32_t)hash & 0x3FF;
    const uint32_t *best = table + at;
    for (int probe = 0; probe < 4; probe++) {
        const uint32_t *entry = table + (at ^ (uint64_t)probe);
        if (*entry && *entry >> 22 == check) return (uint32_t *)entry;
        if ((*entry >> 16 & 0x3F) < (*best >> 16 & 0x3F)) best = entry;
    }
    return create ? (uint32_t *)best : NULL;
}

/* Slots of a memory: check 12 bits, token 12, times 8; eight share a bucket, several of one context too. */
static const uint32_t *slot_bucket(const uint32_t *table, int64_t total, uint64_t hash) {
    return table + ((hash >> 32) * (uint64_t)(total / 8) >> 32) * 8;
}

static void count_slot(uint32_t *table, int64_t total, uint64_t hash, int token) {
    uint32_t check = (uint32_t)hash & 0xFFF, *bucket = (uint32_t *)slot_bucket(table, total, hash);
    int least = 0;
    for (int j = 0; j < 8; j++) {
        uint32_t slot = bucket[j];
        if ((slot & 0xFF) && slot >> 20 == check && ((slot >> 8) & 0xFFF) == (uint32_t)token) {
            if ((slot & 0xFF) == 255)
                for (int other = 0; other < 8; other++)
                    if (bucket[other] >> 20 == check) bucket[other] = (bucket[other] & ~0xFFu) | ((bucket[other] & 0xFF) + 1) / 2;
            bucket[j]++;
            return;
        }
        if ((slot & 0xFF) < (bucket[least] & 0xFF)) least = j;
    }
    uint32_t times = bucket[least] & 0xFF;
    if (times > 1) bucket[least]--;
    else bucket[least] = check << 20 | (uint32_t)token << 8 | 1;
}

/* Everything about the position of `place->registers` that its nodes share. */
static void find_place(const State *s, Place *place, const float *network) {
    int row;
    find_contexts(s, place->registers, place->hash, place->run_hash, &place->last, &place->above, &place->column, &row);
    place->row_of_kinds = row;
    place->column = place->column * 2 + (place->registers[CURRENT] != 0);
    for (int k = 0; k < RUNS; k++) PREFETCH(s->runs + run_place(s, place->run_hash[k]));
    for (int m = 0; m < s->memories; m++)
        for (int k = 0; k < SLOT_CONTEXTS; k++) PREFETCH(slot_bucket(s->slot_table[m], s->slot_total[m], place->hash[slot_context[k]]));
    for (int m = 0; m < s->memories; m++)
        for (int k = 0; k < SLOT_CONTEXTS; k++) {
            uint64_t hash = place->hash[slot_context[k]];
            const uint32_t *bucket = slot_bucket(s->slot_table[m], s->slot_total[m], hash);
            int found = 0;
            for (int j = 0; j < 8; j++)
                if ((bucket[j] & 0xFF) && bucket[j] >> 20 == ((uint32_t)hash & 0xFFF)) {
                    place->slot_token[m][k][found] = (int)(bucket[j] >> 8 & 0xFFF);
                    place->slot_times[m][k][found++] = (int)(bucket[j] & 0xFF);
                }
            place->slot_count[m][k] = found;
        }
    for (int k = 0; k < RUNS; k++) {
        const uint64_t *entry = find_run(s, place->run_hash[k]);
        for (int j = 0; j < RUN_LENGTH; j++) {
            place->run_token[k][j] = entry ? (int)(*entry >> (16 * j + 4) & 0xFFF) : 0;
            place->run_times[k][j] = entry ? (int)(*entry >> (16 * j) & 0xF) : 0;
        }
    }
    for (int m = 0; m < MATCHES; m++) {
        int length = (int)place->registers[MATCH + 2 * m + 1];
        place->predicted[m] = length ? s->tokens[place->registers[MATCH + 2 * m]] : -1;
        place->bucket[m] = length_bucket(length);
    }
    place->network = network;
    if (network)
        for (int node = s->nodes - 1; node >= 0; node--) {
            int zero = s->child[2 * node], one = s->child[2 * node + 1];
            place->below[node] = (zero >= 0 ? place->below[zero] : network[~zero]) + (one >= 0 ? place->below[one] : network[~one]);
        }
}

static float stretched(const State *s, float p) { return s->stretch[(int)(p * 4096.0f)]; }

static float squashed(const State *s, float x) {
    if (x > 11.99f) x = 11.99f;
    if (x < -11.99f) x = -11.99f;
    float at = (x + 12.0f) * 170.0f;
    int cell = (int)at;
    float part = at - (float)cell;
    return s->squash[cell] + (s->squash[cell + 1] - s->squash[cell]) * part;
}

static int on_path(const State *s, int token, uint64_t path, int depth) {
    return s->length[token] > depth && ((s->bits[token] ^ path) & (((uint64_t)1 << depth) - 1)) == 0;
}

static void add_input(const State *s, Node *n, int at, float *map) {
    n->maps[n->map_count++] = map;
    n->x[at] = stretched(s, *map);
}

/* Inputs of one memory from `at` on; returns how many of its plain orders know this node. */
static int memory_inputs(const State *s, const Place *place, Node *n, int m, int node, uint64_t path, int depth) {
    int at = SESSION_INPUTS + MEMORY_INPUTS * m, known = 0;
    for (int k = 0; k < NODE_CONTEXTS; k++, at++) {
        const uint32_t *entry = find_node(s->node_table[m], s->node_total[m], node_hash(place->hash[node_context[k]], node), 0);
        if (!entry) continue;
        n->x[at] = s->stretch[(*entry & 0xFFFF) >> 4];
        known += node_order[k];
    }
    for (int k = 0; k < SLOT_CONTEXTS; k++, at++) {
        int times[2] = {0, 0};
        for (int j = 0; j < place->slot_count[m][k]; j++) {
            int token = place->slot_token[m][k][j];
            if (on_path(s, token, path, depth)) times[s->bits[token] >> depth & 1] += place->slot_times[m][k][j];
        }
        if (times[0] + times[1] == 0) continue;
        add_input(s, n, at, s->slot_maps + (m * SLOT_CONTEXTS + k) * SLOT_CELLS + times_level(times[0]) * 12 + times_level(times[1]));
        known += slot_order[k];
    }
    return known;
}

/* What a run says of a decision: by the last of its characters that can still come, and by one before it; -1 for nothing. */
static int run_cell(const State *s, const int *token, const int *times, uint64_t path, int depth) {
    static const int level[16] = {0, 0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7};
    int first = 0, other;
    while (first < RUN_LENGTH && !(times[first] && on_path(s, token[first], path, depth))) first++;
    if (first == RUN_LENGTH) return -1;
    int bit = (int)(s->bits[token[first]] >> depth & 1), second = first == 0 && times[1] == 0 ? 0 : 1;
    for (other = first + 1; other < RUN_LENGTH; other++)
        if (times[other] && on_path(s, token[other], path, depth)) {
            second = (int)(s->bits[token[other]] >> depth & 1) == bit ? 2 : times[other] < times[first] ? 3 : 4;
            break;
        }
    return ((second * RUN_LENGTH + first) * 8 + level[times[first]]) * 2 + bit;
}

/* Session, matches, network and bias: the first SESSION_INPUTS inputs; returns how many plain orders know this node. */
static int session_inputs(const State *s, const Place *place, Node *n, int node, uint64_t path, int depth, int *match_row) {
    int known = 0, at = SESSION_CONTEXTS;
    for (int k = 0; k < SESSION_CONTEXTS; k++) {
        n->hashes[k] = node_hash(place->hash[session_context[k]], node);
        PREFETCH(s->entries + ((n->hashes[k] >> 16) & (((uint64_t)1 << s->entry_bits) - 1)));
    }
    for (int k = 0; k < SESSION_CONTEXTS; k++) {
        const uint32_t *entry = find_entry(s, n->hashes[k]);
        if (!entry) continue;
        add_input(s, n, k, s->session_maps + k * HISTORIES + (*entry >> 8 & 0xFF));
        known += session_order[k];
    }
    for (int k = 0; k < RUNS; k++, at++) {
        int cell = run_cell(s, place->run_token[k], place->run_times[k], path, depth);
        if (cell >= 0) add_input(s, n, at, s->run_maps + k * RUN_CELLS + cell);
    }
    int row = 0, confidence = 0;
    for (int m = 0; m < MATCHES; m++, at++) {
        int token = place->predicted[m];
        if (token < 0 || !on_path(s, token, path, depth)) continue;
        int bit = (int)(s->bits[token] >> depth & 1);
        add_input(s, n, at, s->match_maps + (m * 32 + place->bucket[m]) * 2 + bit);
        if (!row) row = 1 + place->bucket[m] / 2;
    }
    n->x[at] = 0.3f;
    if (place->network) {
        int one = s->child[2 * node + 1];
        float share = one >= 0 ? place->below[one] : place->network[~one];
        float p = (share + 1e-6f) / (place->below[node] + 2e-6f);
        if (!(p < 0.99999f)) p = 0.99999f; /* also where the network gave no number */
        if (p < 0.0f) p = 0.0f;
        float x = stretched(s, p);
        n->x[at + 1] = x;
        n->x[at + 2] = p * 2.0f - 1.0f;
        float size = x < 0.0f ? -x : x;
        n->x[at + 3] = size > 2.0f ? x : 0.0f;
        confidence = (int)(size * 1.5f);
        if (confidence > 6) confidence = 6;
        confidence++;
    }
    *match_row = row * 8 + confidence;
    return known;
}

WIDE static float dot(const float *weights, const float *x, int count) {
    float lane[8] = {0};
    for (int j = 0; j < count; j += 8)
        for (int l = 0; l < 8; l++) lane[l] += weights[j + l] * x[j + l];
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

static float clamped(float x, float most) { return x > most ? most : x < -most ? -most : x; }

/* Probability that the decision at `node` is 1, with all that learning needs. */
static float mix(const State *s, const Place *place, Node *n, int node, uint64_t path, int depth) {
    int match_row, known[MEMORIES] = {0};
    memset(n->x, 0, sizeof n->x);
    n->map_count = 0;
    int session = session_inputs(s, place, n, node, path, depth, &match_row);
    for (int m = 0; m < s->memories; m++) known[m] = memory_inputs(s, place, n, m, node, path, depth);
    int orders = session * 64 + known[0] * 8 + known[1];
    int row[SETS] = {node, orders, place->last, match_row, place->row_of_kinds * 8 + (depth < 7 ? depth : 7), place->column};
    int rows[SETS] = {s->nodes, ORDER_ROWS, s->symbols + 1, MATCH_ROWS, KIND_ROWS, COLUMN_ROWS};
    float *base = s->weights, z = 0.0f;
    for (int set = 0; set < SETS; set++) {
        n->rows[set] = base + row[set] * INPUTS;
        base += rows[set] * INPUTS;
        n->dots[set] = clamped(dot(n->rows[set], n->x, s->inputs), 11.0f);
        n->single[set] = squashed(s, n->dots[set]);
    }
    /* The sets' results are added by weights that three of the contexts choose, and the three sums averaged. */
    static const int chosen[SECONDS] = {1, 3, 0};
    base = s->second;
    for (int k = 0; k < SECONDS; k++) {
        float sum = 0.0f;
        n->second[k] = base + row[chosen[k]] * 8;
        base += rows[chosen[k]] * 8;
        for (int set = 0; set < SETS; set++) sum = sum + n->second[k][set] * n->dots[set];
        sum = clamped(sum, 11.0f);
        n->blended[k] = squashed(s, sum);
        z = z + sum;
    }
    z = z / (float)SECONDS;
    n->mixed = squashed(s, z);
    float at = clamped(z, 7.999f) + 8.0f;
    int bin = (int)at;
    n->fraction = at - (float)bin;
    int64_t first = ((int64_t)place->last * s->nodes + node) % s->refine_rows;
    int64_t second = (int64_t)((node_hash(place->hash[O2], node) >> 20) % (uint64_t)s->refine_rows) + s->refine_rows;
    n->low[0] = s->refine + first * BINS + bin;
    n->low[1] = s->refine + second * BINS + bin;
    float refined[2];
    for (int r = 0; r < 2; r++) refined[r] = n->low[r][0] + (n->low[r][1] - n->low[r][0]) * n->fraction;
    float p = 0.5f * n->mixed + (0.25f * refined[0] + 0.25f * refined[1]);
    float least = s->constant[C_LEAST], most = s->constant[C_MOST];
    n->p = p < least ? least : p > most ? most : p;
    return n->p;
}

/* Remember `words` words at `address` in the journal, a ring; words first, then their place and number.
 *
 * frames: how many characters can at most be undone, where the journal ends, the first of its words not overwritten
 * (all counted from the session's start), then where each character's records begin.
 */
static void record(State *s, const void *address, int words) {
    if (!s->keep) return;
    int64_t end = s->frames[1], at = end % s->journal_words, until_turn = s->journal_words - at;
    const uint32_t *old = (const uint32_t *)address;
    if (words <= until_turn) memcpy(s->journal + at, old, (size_t)words * 4);
    else for (int j = 0; j < words; j++) s->journal[(end + j) % s->journal_words] = old[j];
    s->journal[(end + words) % s->journal_words] = (uint32_t)(old - s->arena);
    s->journal[(end + words + 1) % s->journal_words] = (uint32_t)words;
    s->frames[1] = end + words + 2;
    if (s->frames[1] - s->journal_words > s->frames[2]) s->frames[2] = s->frames[1] - s->journal_words;
}

static void move(State *s, float *value, float target, float rate, float low, float high) {
    record(s, value, 1);
    float moved = *value + (target - *value) * rate;
    *value = moved < low ? low : moved > high ? high : moved;
}

static void learn_entries(State *s, const uint64_t *hashes, int bit) {
    for (int k = 0; k < SESSION_CONTEXTS; k++) {
        uint32_t *entry = find_entry(s, hashes[k]), check = (uint32_t)hashes[k] & 0xFFFF, history = 1, seen = 0;
        if (entry) {
            history = *entry >> 8 & 0xFF; seen = *entry & 0xFF;
        } else entry = entry_to_replace(s, hashes[k]);
        record(s, entry, 1);
        if (seen < SESSION_LIMIT) seen++;
        history = history * 2 + (uint32_t)bit;
        if (history > 255) history = 128 | (history & 127);
        *entry = (check ? check : 1) << 16 | history << 8 | seen;
    }
}

/* `token` goes to the front of each run; whatever stood there before counts half from now on. */
static void learn_runs(State *s, const uint64_t *hashes, int token) {
    for (int k = 0; k < RUNS; k++) {
        uint64_t *entry = (uint64_t *)find_run(s, hashes[k]), value = (hashes[k] & 0xFFFF) << 48, part[RUN_LENGTH] = {0}, times = 1;
        if (entry) {
            int at = 0, out = 1;
            for (int j = 0; j < RUN_LENGTH; j++) part[j] = *entry >> (16 * j) & 0xFFFF;
            while (at < RUN_LENGTH && !((part[at] & 0xF) && part[at] >> 4 == (uint64_t)token)) at++;
            if (at < RUN_LENGTH) times = (part[at] & 0xF) < 15 ? (part[at] & 0xF) + 1 : 15;
            if (at > 0 && (part[0] & 0xF) > 1) part[0] = (part[0] & ~(uint64_t)0xF) | (((part[0] & 0xF) + 1) / 2);
            for (int j = 0; j < RUN_LENGTH && out < RUN_LENGTH; j++) if (j != at) value |= part[j] << (16 * out++);
        } else {
            uint64_t at = run_place(s, hashes[k]);
            entry = s->runs + ((s->runs[at ^ 1] & 0xF) < (s->runs[at] & 0xF) ? at ^ 1 : at);
        }
        record(s, entry, 2);
        *entry = value | (uint64_t)token << 4 | times;
    }
}

WIDE static void add_scaled(float *__restrict weights, const float *__restrict x, float by, int count) {
    for (int j = 0; j < count; j += 8)
        for (int l = 0; l < 8; l++) weights[j + l] += by * x[j + l];
}

static void learn_bit(State *s, Node *n, int bit) {
    const float *c = s->constant;
    float target = (float)bit, error, common = (target - n->mixed) * c[C_COMMON];
    for (int k = 0; k < SECONDS; k++) {
        record(s, n->second[k], SETS);
        error = (target - n->blended[k]) * c[C_SECOND_RATE];
        for (int set = 0; set < SETS; set++) n->second[k][set] += error * n->dots[set];
    }
    for (int set = 0; set < SETS; set++) {
        float *weights = n->rows[set];
        record(s, weights, s->inputs);
        error = ((target - n->single[set]) * (1.0f - c[C_COMMON]) + common) * c[C_RATE];
        add_scaled(weights, n->x, error, s->inputs);
    }
    for (int r = 0; r < 2; r++) {
        move(s, n->low[r], target, c[C_REFINE_RATE] * (1.0f - n->fraction), 0.0f, 1.0f);
        move(s, n->low[r] + 1, target, c[C_REFINE_RATE] * n->fraction, 0.0f, 1.0f);
    }
    for (int k = 0; k < n->map_count; k++) move(s, n->maps[k], target, c[C_MAP_RATE], c[C_LOW], c[C_HIGH]);
    learn_entries(s, n->hashes, bit);
}

/* Words, lines and matches behind `token`, and where its last characters are to be found again. */
static void learn_matches(State *s, uint64_t *registers, int token) {
    int64_t i = (int64_t)registers[POSITION];
    int c1 = token_at(s, i - 1), c2 = token_at(s, i - 2), places[2] = {c1 & ((1 << FOLLOW_BITS) - 1), follower_of_two(c1, c2)};
    for (int j = 0; j < 2; j++) {
        uint32_t *follower = s->followers + places[j];
        record(s, follower, 1);
        *follower = *follower << 16 | (uint32_t)(token + 1);
    }
    advance(s, registers, token);
    int64_t end = (int64_t)registers[POSITION];
    for (int m = 0; m < MATCHES; m++)
        if (end >= match_minimum[m]) {
            int32_t *slot = s->matches + match_slot(s, m, end);
            record(s, slot, 1);
            *slot = (int32_t)end;
        }
}

/* One full update: all decisions of `token`, then the words, lines and matches behind it. Returns its probability.
 *
 * All decisions are mixed before any is learned: else the first would change the odds of the next, and what is scored
 * would not be what `spread` says of the same place.
 */
static double learn_token(State *s, Place *place, const float *network, int token) {
    int64_t frame = s->frames[1];
    double p = 1.0;
    record(s, s->registers, 2 * REGISTERS);
    memcpy(place->registers, s->registers, sizeof place->registers);
    find_place(s, place, network);
    for (int depth = 0, node = 0; depth < s->length[token]; depth++) {
        int bit = (int)(s->bits[token] >> depth & 1);
        float one = mix(s, place, &place->nodes[depth], node, s->bits[token], depth);
        p *= (double)(bit ? one : 1.0f - one);
        node = s->child[2 * node + bit];
    }
    for (int depth = 0; depth < s->length[token]; depth++) learn_bit(s, &place->nodes[depth], (int)(s->bits[token] >> depth & 1));
    learn_runs(s, place->run_hash, token);
    learn_matches(s, place->registers, token);
    memcpy(s->registers, place->registers, sizeof place->registers);
    if (s->keep) { s->frames[3 + s->frames[0] % s->frame_count] = frame; s->frames[0]++; }
    return p;
}

/* Remember that `token` came here, as learn_token does, but mix nothing and learn no weights; it can't be undone. */
static void skim_token(State *s, int token) {
    uint64_t hash[CONTEXTS], run_hash[RUNS], hashes[DEEPEST][SESSION_CONTEXTS];
    int last, above, column, row;
    find_contexts(s, s->registers, hash, run_hash, &last, &above, &column, &row);
    for (int k = 0; k < RUNS; k++) PREFETCH(s->runs + run_place(s, run_hash[k]));
    for (int depth = 0, node = 0; depth < s->length[token]; depth++) {
        for (int k = 0; k < SESSION_CONTEXTS; k++) {
            hashes[depth][k] = node_hash(hash[session_context[k]], node);
            PREFETCH(s->entries + ((hashes[depth][k] >> 16) & (((uint64_t)1 << s->entry_bits) - 1)));
        }
        node = s->child[2 * node + (int)(s->bits[token] >> depth & 1)];
    }
    for (int depth = 0; depth < s->length[token]; depth++) learn_entries(s, hashes[depth], (int)(s->bits[token] >> depth & 1));
    learn_runs(s, run_hash, token);
    learn_matches(s, s->registers, token);
}

/* Undo up to `count` characters; returns how many the journal still held. */
static int64_t undo(State *s, int64_t count) {
    int64_t done = 0;
    while (done < count && s->frames[0] > 0) {
        int64_t start = s->frames[3 + (s->frames[0] - 1) % s->frame_count], end = s->frames[1];
        if (start < s->frames[2]) break;
        while (end > start) {
            int64_t words = s->journal[(end - 1) % s->journal_words], place = s->journal[(end - 2) % s->journal_words];
            end -= words + 2;
            for (int64_t j = 0; j < words; j++) s->arena[place + j] = s->journal[(end + j) % s->journal_words];
        }
        s->frames[1] = start;
        s->frames[3 + (s->frames[0] - 1) % s->frame_count] = -1;
        s->frames[0]--;
        done++;
    }
    return done;
}

/* Contexts after the learned text and a hypothetical path; nothing lasting is written. */
static void follow(const State *s, Place *place, const uint16_t *path, int64_t count) {
    memcpy(place->registers, s->registers, sizeof place->registers);
    for (int64_t j = 0; j < count; j++) advance(s, place->registers, path[j]);
}

static void spread(const State *s, const Place *place, int node, uint64_t path, int depth, float reach, float *out) {
    Node n;
    float one = mix(s, place, &n, node, path, depth);
    for (int bit = 0; bit < 2; bit++) {
        int child = s->child[2 * node + bit];
        float p = reach * (bit ? one : 1.0f - one);
        if (child < 0) out[~child] = p;
        else spread(s, place, child, path | (uint64_t)bit << depth, depth + 1, p, out);
    }
}

/* The likeliest token but those that `shown` forbids, by depth first search that skips what can't win. */
static void likeliest(const State *s, const Place *place, const uint8_t *shown, int node, uint64_t path, int depth, float reach, int *token, float *best) {
    Node n;
    float one = mix(s, place, &n, node, path, depth);
    int first = one > 0.5f;
    for (int turn = 0; turn < 2; turn++) {
        int bit = turn ? !first : first, child = s->child[2 * node + bit];
        float p = reach * (bit ? one : 1.0f - one);
        if (p <= *best) continue;
        if (child >= 0) likeliest(s, place, shown, child, path | (uint64_t)bit << depth, depth + 1, p, token, best);
        else if (shown[~child]) { *best = p; *token = ~child; }
    }
}

/* Count one decision into the first memory. */
static void count_node(State *s, uint64_t hash, int bit) {
    uint32_t *entry = find_node(s->node_table[0], s->node_total[0], hash, 1), check = (uint32_t)hash & 0x3FF;
    uint32_t seen = *entry >> 16 & 0x3F, p = *entry & 0xFFFF;
    if (*entry == 0 || *entry >> 22 != check) {
        if (*entry && seen > 1) { *entry -= 1u << 16; return; }
        seen = 0; p = 32768;
    }
    *entry = check << 22 | (seen < MEMORY_LIMIT ? seen + 1 : seen) << 16 | nearer(s, p, bit, (int)seen);
}

/* Count one character into a memory; `s` has the memory as its first, and registers of its own. */
static void count_token(State *s, int token) {
    uint64_t hash[CONTEXTS], run_hash[RUNS];
    int last, above, column, row;
    find_contexts(s, s->registers, hash, run_hash, &last, &above, &column, &row);
    for (int k = 0; k < SLOT_CONTEXTS; k++) PREFETCH(slot_bucket(s->slot_table[0], s->slot_total[0], hash[slot_context[k]]));
    uint64_t at_node[DEEPEST][NODE_CONTEXTS];
    for (int depth = 0, node = 0; depth < s->length[token]; depth++) {
        for (int k = 0; k < NODE_CONTEXTS; k++) {
            at_node[depth][k] = node_hash(hash[node_context[k]], node);
            PREFETCH(s->node_table[0] + ((at_node[depth][k] >> 32) * (uint64_t)s->node_total[0] >> 32));
        }
        node = s->child[2 * node + (int)(s->bits[token] >> depth & 1)];
    }
    for (int depth = 0; depth < s->length[token]; depth++)
        for (int k = 0; k < NODE_CONTEXTS; k++) count_node(s, at_node[depth][k], (int)(s->bits[token] >> depth & 1));
    for (int k = 0; k < SLOT_CONTEXTS; k++) count_slot(s->slot_table[0], s->slot_total[0], hash[slot_context[k]], token);
    s->tokens[s->registers[POSITION]] = (uint16_t)token;
    advance_words(s, s->registers, token);
}

/* ---- Python ---- */

enum { B_SETTINGS, B_CONSTANTS, B_TREE, B_BITS, B_ARENA, B_JOURNAL, B_FRAMES, B_MEMORIES, BUFFERS = B_MEMORIES + 2 * MEMORIES };

typedef struct { State state; Py_buffer view[BUFFERS]; int held; } Handle;

static void release(Handle *h) { while (h->held) PyBuffer_Release(&h->view[--h->held]); }

/* `state` is the tuple of buffers that layout.py describes. */
static int open_state(PyObject *tuple, Handle *h) {
    h->held = 0;
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != BUFFERS) { PyErr_SetString(PyExc_TypeError, "expected the tuple of buffers of Layout"); return -1; }
    for (int j = 0; j < BUFFERS; j++, h->held++)
        if (PyObject_GetBuffer(PyTuple_GetItem(tuple, j), &h->view[j], PyBUF_SIMPLE) < 0) { release(h); return -1; }
    State *s = &h->state;
    const int64_t *setting = h->view[B_SETTINGS].buf;
    uint8_t *arena = h->view[B_ARENA].buf;
    s->symbols = (int)setting[SYMBOLS]; s->nodes = s->symbols - 1; s->capacity = (int)setting[CAPACITY];
    s->entry_bits = (int)setting[ENTRY_BITS]; s->match_bits = (int)setting[MATCH_BITS];
    s->refine_rows = (int)setting[REFINE_ROWS]; s->memories = (int)setting[MEMORY_COUNT]; s->run_bits = (int)setting[RUN_BITS];
    s->inputs = (SESSION_INPUTS + MEMORY_INPUTS * s->memories + 7) / 8 * 8;
    for (int m = 0; m < MEMORIES; m++) {
        s->node_total[m] = setting[NODE_COUNT + m]; s->slot_total[m] = setting[SLOT_COUNT + m];
        s->node_table[m] = h->view[B_MEMORIES + 2 * m].buf; s->slot_table[m] = h->view[B_MEMORIES + 2 * m + 1].buf;
    }
    s->constant = h->view[B_CONSTANTS].buf;
    s->stretch = s->constant + CONSTANTS; s->squash = s->stretch + STRETCH_CELLS;
    s->child = h->view[B_TREE].buf;
    s->length = s->child + 2 * s->nodes; s->word = s->length + s->symbols; s->fold = s->word + s->symbols;
    s->kind = s->fold + s->symbols; s->role = s->kind + s->symbols; s->rate = s->role + s->symbols;
    s->bits = h->view[B_BITS].buf;
    s->arena = (uint32_t *)arena;
#define AT(section, type) (type *)(arena + setting[SECTION + section])
    s->registers = AT(S_REGISTERS, uint64_t); s->tokens = AT(S_TOKENS, uint16_t); s->entries = AT(S_ENTRIES, uint32_t);
    s->matches = AT(S_MATCHES, int32_t); s->runs = AT(S_RUNS, uint64_t); s->followers = AT(S_FOLLOWERS, uint32_t);
    s->weights = AT(S_WEIGHTS, float); s->second = AT(S_SECOND, float);
    s->session_maps = AT(S_SESSION_MAPS, float); s->slot_maps = AT(S_SLOT_MAPS, float);
    s->match_maps = AT(S_MATCH_MAPS, float); s->run_maps = AT(S_RUN_MAPS, float); s->refine = AT(S_REFINE, float);
#undef AT
    s->journal = h->view[B_JOURNAL].buf; s->journal_words = h->view[B_JOURNAL].len / 4;
    s->frames = h->view[B_FRAMES].buf; s->frame_count = h->view[B_FRAMES].len / 8 - 3;
    s->keep = s->journal_words > 0;
    return 0;
}

static int check_tokens(const State *s, const Py_buffer *tokens, int64_t room) {
    const uint16_t *token = tokens->buf;
    Py_ssize_t count = tokens->len / 2;
    if (count > room) { PyErr_SetString(PyExc_ValueError, "more tokens than the session has room for"); return -1; }
    for (Py_ssize_t j = 0; j < count; j++)
        if (token[j] >= s->symbols) { PyErr_SetString(PyExc_ValueError, "a token outside the vocabulary"); return -1; }
    return 0;
}

static PyObject *core_learn(PyObject *self, PyObject *arguments) {
    PyObject *tuple, *tokens_object, *network_object, *out_object;
    Handle h; Py_buffer tokens, network, out; Place *place;
    if (!PyArg_ParseTuple(arguments, "OOOO", &tuple, &tokens_object, &network_object, &out_object) || open_state(tuple, &h) < 0) return NULL;
    int ok = 0, has_network = network_object != Py_None;
    if (PyObject_GetBuffer(tokens_object, &tokens, PyBUF_SIMPLE) < 0) goto no_tokens;
    if (has_network && PyObject_GetBuffer(network_object, &network, PyBUF_SIMPLE) < 0) goto no_network;
    if (PyObject_GetBuffer(out_object, &out, PyBUF_WRITABLE) < 0) goto no_out;
    State *s = &h.state;
    Py_ssize_t count = tokens.len / 2;
    if (check_tokens(s, &tokens, s->capacity - (int64_t)s->registers[POSITION]) < 0) goto done;
    if (out.len != count * 8 || (has_network && network.len != count * 4 * s->symbols)) { PyErr_SetString(PyExc_ValueError, "network or losses of another length than the tokens"); goto done; }
    if (!(place = PyMem_Malloc(sizeof *place))) { PyErr_NoMemory(); goto done; }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t j = 0; j < count; j++)
        ((double *)out.buf)[j] = learn_token(s, place, has_network ? (const float *)network.buf + j * s->symbols : NULL, ((const uint16_t *)tokens.buf)[j]);
    Py_END_ALLOW_THREADS
    PyMem_Free(place);
    ok = 1;
done:
    PyBuffer_Release(&out);
no_out:
    if (has_network) PyBuffer_Release(&network);
no_network:
    PyBuffer_Release(&tokens);
no_tokens:
    release(&h);
    (void)self;
    if (!ok) return NULL;
    return Py_NewRef(Py_None); /* Py_RETURN_NONE of 3.12 and later takes None to be immortal, which 3.11 does not */
}

/* look(state, path, network or None, out): out is float32[V] for the distribution, or uint8[V] of what may be shown. */
static PyObject *look(PyObject *arguments, int whole) {
    PyObject *tuple, *path_object, *network_object, *out_object, *result = NULL;
    Handle h; Py_buffer path, network, out; Place *place;
    if (!PyArg_ParseTuple(arguments, "OOOO", &tuple, &path_object, &network_object, &out_object) || open_state(tuple, &h) < 0) return NULL;
    int has_network = network_object != Py_None;
    if (PyObject_GetBuffer(path_object, &path, PyBUF_SIMPLE) < 0) goto no_path;
    if (has_network && PyObject_GetBuffer(network_object, &network, PyBUF_SIMPLE) < 0) goto no_network;
    if (PyObject_GetBuffer(out_object, &out, whole ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) goto no_out;
    State *s = &h.state;
    if (check_tokens(s, &path, s->capacity + 512 - (int64_t)s->registers[POSITION]) < 0) goto done;
    if ((has_network && network.len != 4 * s->symbols) || out.len != (whole ? 4 : 1) * s->symbols) { PyErr_SetString(PyExc_ValueError, "network or result of another length than the vocabulary"); goto done; }
    if (!(place = PyMem_Malloc(sizeof *place))) { PyErr_NoMemory(); goto done; }
    follow(s, place, path.buf, path.len / 2);
    find_place(s, place, has_network ? network.buf : NULL);
    if (whole) {
        spread(s, place, 0, 0, 0, 1.0f, out.buf);
        result = Py_None;
        Py_INCREF(result);
    } else {
        int token = -1;
        float best = 0.0f;
        likeliest(s, place, out.buf, 0, 0, 0, 1.0f, &token, &best);
        result = Py_BuildValue("id", token, (double)best);
    }
    PyMem_Free(place);
done:
    PyBuffer_Release(&out);
no_out:
    if (has_network) PyBuffer_Release(&network);
no_network:
    PyBuffer_Release(&path);
no_path:
    release(&h);
    return result;
}

static PyObject *core_distribution(PyObject *self, PyObject *arguments) { (void)self; return look(arguments, 1); }
static PyObject *core_likeliest(PyObject *self, PyObject *arguments) { (void)self; return look(arguments, 0); }

static PyObject *core_undo(PyObject *self, PyObject *arguments) {
    PyObject *tuple; long long count; Handle h;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OL", &tuple, &count) || open_state(tuple, &h) < 0) return NULL;
    long long done = h.state.keep ? undo(&h.state, count) : 0;
    release(&h);
    return PyLong_FromLongLong(done);
}

/* Feed `tokens` to `take`, one after another. */
static PyObject *feed(PyObject *arguments, void (*take)(State *, int)) {
    PyObject *tuple, *tokens_object; Handle h; Py_buffer tokens; int ok = 0;
    if (!PyArg_ParseTuple(arguments, "OO", &tuple, &tokens_object) || open_state(tuple, &h) < 0) return NULL;
    State *s = &h.state;
    if (PyObject_GetBuffer(tokens_object, &tokens, PyBUF_SIMPLE) < 0) goto no_tokens;
    if (check_tokens(s, &tokens, s->capacity - (int64_t)s->registers[POSITION]) == 0) {
        s->keep = 0;
        s->frames[2] = s->frames[1]; /* nothing before can be undone */
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t j = 0; j < tokens.len / 2; j++) take(s, ((const uint16_t *)tokens.buf)[j]);
        Py_END_ALLOW_THREADS
        ok = 1;
    }
    PyBuffer_Release(&tokens);
no_tokens:
    release(&h);
    if (!ok) return NULL;
    return Py_NewRef(Py_None);
}

static PyObject *core_skim(PyObject *self, PyObject *arguments) { (void)self; return feed(arguments, skim_token); }
static PyObject *core_count(PyObject *self, PyObject *arguments) { (void)self; return feed(arguments, count_token); }

static PyMethodDef methods[] = {
    {"learn", core_learn, METH_VARARGS, "learn(state, tokens, network, probabilities): one full update a token."},
    {"distribution", core_distribution, METH_VARARGS, "distribution(state, path, network, out): probabilities of the next token."},
    {"likeliest", core_likeliest, METH_VARARGS, "likeliest(state, path, network, shown): (token, probability)."},
    {"undo", core_undo, METH_VARARGS, "undo(state, count): how many characters were taken back."},
    {"skim", core_skim, METH_VARARGS, "skim(state, tokens): remember what came, mixing nothing."},
    {"count", core_count, METH_VARARGS, "count(state, tokens): count a text into the first memory."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_core", "The per-bit work of the context mixer.", -1, methods, NULL, NULL, NULL, NULL};

/* LAYOUT lets Python refuse a core that was compiled for another arrangement of the arena (layout.py). */
PyMODINIT_FUNC PyInit__core(void) {
    PyObject *module = PyModule_Create(&definition);
    long layout = (((VERSION * 100L + INPUTS) * 100L + SESSION_CONTEXTS) * 100L + NODE_CONTEXTS) * 100L + SLOT_CONTEXTS;
    if (module && PyModule_AddIntConstant(module, "LAYOUT", layout) < 0) { Py_DECREF(module); return NULL; }
    return module;
}

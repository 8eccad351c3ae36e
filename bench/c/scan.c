// The physical limit: decodes all of case A or B into columns on one core, checks nothing that it need not, and sums.
// scan A|B OFFSETS: each line of the file OFFSETS is a key group: file, first byte, byte behind its last.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 1 << 17, TEXT_BYTES = ROWS * 64 };

static int64_t keys[ROWS], numbers[ROWS], ids[ROWS], updated[ROWS];
static int32_t visits[ROWS], zips[ROWS];
static double amounts[ROWS], lats[ROWS], lons[ROWS];
static uint8_t active[ROWS];

typedef struct {
  uint8_t bytes[TEXT_BYTES];
  uint32_t offsets[ROWS + 1];
} Text;

static Text key_text, names, cities;
static size_t rows;
static int64_t sum;

static inline uint32_t be32(const uint8_t *p) {
  uint32_t value;
  memcpy(&value, p, 4);
  return __builtin_bswap32(value);
}

static inline uint64_t be64(const uint8_t *p) {
  uint64_t value;
  memcpy(&value, p, 8);
  return __builtin_bswap64(value);
}

static inline double be_double(const uint8_t *p) {
  uint64_t bits = be64(p);
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

static inline const uint8_t *varint(const uint8_t *p, uint32_t *value) {
  uint32_t read = *p++;
  if (read >= 128) {
    read &= 127;
    for (int shift = 7;; shift += 7) {
      uint32_t next = *p++;
      read |= (next & 127) << shift;
      if (next < 128) break;
    }
  }
  *value = read;
  return p;
}

// A Flink string to UTF-8: eight bytes at a time while they are ASCII. Adds its length in UTF-16 units.
static inline const uint8_t *string(const uint8_t *p, Text *text, size_t row, int64_t *units) {
  uint8_t *to = text->bytes + text->offsets[row];
  uint32_t length;
  p = varint(p, &length);
  if (length > 0) {
    length--;
    *units += length;
    for (; length >= 8; length -= 8, p += 8, to += 8) {
      uint64_t eight;
      memcpy(&eight, p, 8);
      if (eight & 0x8080808080808080ull) break;
      memcpy(to, p, 8);
    }
    for (; length > 0; length--) {
      uint32_t unit;
      p = varint(p, &unit);
      if (unit < 0x80) {
        *to++ = unit;
      } else if (unit < 0x800) {
        *to++ = 0xc0 | unit >> 6;
        *to++ = 0x80 | (unit & 63);
      } else {
        *to++ = 0xe0 | unit >> 12;
        *to++ = 0x80 | (unit >> 6 & 63);
        *to++ = 0x80 | (unit & 63);
      }
    }
  }
  text->offsets[row + 1] = to - text->bytes;
  return p;
}

static int is_end(const uint8_t *p) { return p[0] == 0xff && p[1] == 0xff; }

static void scan_a(const uint8_t *p) {
  size_t n = 0;
  for (p += 2;;) {
    const uint8_t *key = p + 4, *value = key + be32(p);
    int last = key[0] & 0x80;
    keys[n] = be64(key + 1);
    numbers[n] = be64(value + 4);
    p = value + 4 + be32(value);
    n++;
    if (last && is_end(p)) break;
  }
  for (size_t i = 0; i < n; i++) sum += keys[i] ^ numbers[i];
  rows += n;
}

static void present(const uint8_t *p) {
  if (*p) abort();
}

static void scan_b(const uint8_t *p) {
  size_t n = 0;
  int64_t units = 0;
  for (p += 2;;) {
    const uint8_t *key = p + 4, *v = key + be32(p);
    int last = key[0] & 0x80;
    string(key + 1, &key_text, n, &units);
    p = v + 4 + be32(v);
    v += 4;
    if (*v++ != 2) abort();
    present(v++), active[n] = *v++;
    present(v++), amounts[n] = be_double(v), v += 8;
    if (!*v++) v = string(v, &cities, n, &units);
    present(v++), ids[n] = be64(v), v += 8;
    if (!*v++) v = string(v, &names, n, &units);
    present(v++);
    if (*v++ != 2) abort();
    present(v++), lats[n] = be_double(v), v += 8;
    present(v++), lons[n] = be_double(v), v += 8;
    present(v++), zips[n] = be32(v), v += 4;
    present(v++), updated[n] = be64(v), v += 8;
    present(v++), visits[n] = be32(v), v += 4;
    if (v != p) abort();
    n++;
    if (last && is_end(p)) break;
  }
  sum += units;
  for (size_t i = 0; i < n; i++)
    sum += ids[i] + visits[i] + updated[i] + zips[i] + (int64_t)(amounts[i] * 4) + active[i];
  rows += n;
}

static double cpu_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  FILE *offsets = fopen(arguments[2], "r");
  if (!offsets) return 2;
  char path[4096], open_path[4096] = "";
  long start, end;
  int file = -1;
  size_t capacity = 0;
  uint8_t *buffer = NULL;
  double began = cpu_seconds();
  while (fscanf(offsets, "%4095s %ld %ld", path, &start, &end) == 3) {
    if (strcmp(path, open_path)) {
      if (file >= 0) close(file);
      file = open(path, O_RDONLY);
      strcpy(open_path, path);
    }
    size_t length = end - start;
    if (length + 16 > capacity) buffer = realloc(buffer, capacity = length * 2 + 16);
    if (pread(file, buffer, length, start) != (ssize_t)length) abort();
    if (arguments[1][0] == 'A') scan_a(buffer);
    else scan_b(buffer);
  }
  printf("rows=%zu sum=%ld timed=%.4f\n", rows, sum, cpu_seconds() - began);
}

// An empty data package for the ICU that Foundation brings along.
//
// The static Foundation holds 31 MB of locale data: names of months, collations, calendars. Meshdeck formats nothing by
// locale, so the program (and it alone: a library has no business with its importer's Foundation) brings a package with no
// entry under the same name, and the linker leaves the large one in its archive. Where the
// toolchain has another ICU the name differs and the program is merely large again.
//
// Source: ICU User Guide, "ICU Data", the common data format: a header (udata.h, UDataInfo) and a table of contents.

#include "CFoundationData.h"

typedef struct {
  uint16_t headerSize;
  uint8_t magic1, magic2;
  uint16_t infoSize, reserved;
  uint8_t isBigEndian, charsetFamily, sizeofUChar, reservedByte;
  uint8_t dataFormat[4], formatVersion[4], dataVersion[4];
  uint8_t padding[8];
  uint32_t count;
} EmptyPackage;

// Hidden: where Foundation is a shared library, as in a debug build, it keeps its own.
__attribute__((aligned(16), visibility("hidden"))) const EmptyPackage icudt76_dat = {
    .headerSize = 32,
    .magic1 = 0xda,
    .magic2 = 0x27,
    .infoSize = 20,
    .isBigEndian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
    .sizeofUChar = 2,
    .dataFormat = {'C', 'm', 'n', 'D'},
    .formatVersion = {1, 0, 0, 0},
};

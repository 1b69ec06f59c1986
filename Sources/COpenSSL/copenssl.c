// A target of C needs a source file; the declarations are in the header.
#include "copenssl.h"

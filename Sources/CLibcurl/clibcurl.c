#include "clibcurl.h"

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RADSECGW_ENGINE_H
#define RADSECGW_ENGINE_H

/* What the files of the engine share. */
#include "neighbours.h"
#include "objects.h"
#include "requests.h"

#endif

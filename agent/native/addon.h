// What both files of the addon need to take arguments and to answer.
#ifndef RCWARDEN_ADDON_H
#define RCWARDEN_ADDON_H
#include <node_api.h>

#include <stdbool.h>
#include <stddef.h>

// The program that loads this may have functions of the same names.
#pragma GCC visibility push(hidden)

/// Throws, and gives what a callback then returns.
napi_value type_error(napi_env env, const char *message);

napi_value number_of(napi_env env, double value);

/// Exactly `count` arguments, no fewer and no more.
bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *into);

bool descriptor_of(napi_env env, napi_value value, int *fd);

/// 0 where nobody else has the file open, else an errno below zero, -EAGAIN where somebody has. Until the file is closed
/// whoever opens it waits.
int take_lease(int fd);

bool export_call(napi_env env, napi_value exports, const char *name, napi_callback callback);

/// at.c
bool export_at_calls(napi_env env, napi_value exports);

#pragma GCC visibility pop
#endif

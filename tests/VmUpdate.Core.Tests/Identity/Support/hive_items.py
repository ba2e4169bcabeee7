#!/usr/bin/python3
"""Prints what catalogue items mean in hives of a Windows. A judge: hivex reads, and this file resolves and matches on its own.

usage: hive_items.py FOLDER ITEMS
FOLDER holds SYSTEM, SOFTWARE, SAM, SECURITY. ITEMS: one item a line: HIVE, key, value (or a lone * for the key with all below), by tabs.
Output: hive, key, value, type, SHA-256 of the data, by tabs, sorted; names in lower case.
"""
import fnmatch, hashlib, os, struct, sys
import hivex

folder, items = sys.argv[1:]
hives = {name: hivex.Hivex(os.path.join(folder, name)) for name in ('SYSTEM', 'SOFTWARE', 'SAM', 'SECURITY')}
system = hives['SYSTEM']
select = system.node_get_child(system.root(), 'Select')
current = 'ControlSet%03d' % struct.unpack('<I', system.value_value(system.node_get_value(select, 'Current'))[1])[0]
lines = set()

def find(hive, node, path, parts):
    if not parts:
        yield path, node
        return
    for child in hive.node_children(node):
        name = hive.node_name(child)
        if fnmatch.fnmatchcase(name.lower(), parts[0].lower()):
            yield from find(hive, child, path + [name], parts[1:])

def values(name, hive, node, path, pattern):
    for value in hive.node_values(node):
        key = hive.value_key(value)
        if pattern is None or fnmatch.fnmatchcase(key.lower(), pattern.lower()):
            kind, data = hive.value_value(value)
            lines.add('\t'.join((name, '\\'.join(path), key, '%x' % (kind & 0xFFFFFFFF), hashlib.sha256(data).hexdigest())).lower())

def whole(name, hive, node, path):
    values(name, hive, node, path, None)
    for child in hive.node_children(node):
        whole(name, hive, child, path + [hive.node_name(child)])

for line in open(items, encoding='utf-8').read().splitlines():
    name, key, value = line.split('\t')
    parts = key.split('\\')
    if name == 'SYSTEM' and parts[0].lower() == 'currentcontrolset':
        parts[0] = current
    hive = hives[name]
    for path, node in find(hive, hive.root(), [], parts):
        whole(name, hive, node, path) if value == '*' else values(name, hive, node, path, value)
print('\n'.join(sorted(lines)))

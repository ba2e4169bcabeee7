using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

/// <summary>Changes a hive's keys and values in memory. Each public change is whole, or the hive is not to be written any more.</summary>
internal sealed partial class HiveEditor(HiveCells cells, Func<DateTime> utcNow)
{
    private readonly HiveAllocator _allocator = new(cells.Pages);
    private bool _isChanging;

    /// <summary>Whether anything was changed since the last commit.</summary>
    public bool HasChanges { get; private set; }

    /// <summary>Whether a change failed half-way.</summary>
    public bool IsBroken => _isChanging;

    private HivePages Pages => cells.Pages;

    /// <summary>What was changed is on the disk.</summary>
    public void MarkCommitted() => HasChanges = false;

    /// <summary>Now, as a hive holds it.</summary>
    /// <returns>The FILETIME.</returns>
    public long Now() => utcNow().ToFileTimeUtc();

    /// <summary>Makes the first bin and the root key of an empty hive.</summary>
    /// <param name="name">The root's name.</param>
    /// <param name="descriptor">Its security descriptor.</param>
    /// <returns>The root's offset.</returns>
    public uint CreateRoot(string name, ReadOnlySpan<byte> descriptor)
    {
        CheckKeyName(name);
        CheckDescriptor(descriptor);
        uint root = HiveFormat.Nil;
        byte[] copy = descriptor.ToArray();
        Change(() =>
        {
            root = AllocateKey(name, HiveFormat.Nil, KeyNode.FlagRoot | KeyNode.FlagNoDelete);
            uint security = AllocateSecurity(copy);
            PutKey(root, KeyNode.SecurityAt, security);
            SetSecurityField(security, SecurityCell.NextAt, security);
            SetSecurityField(security, SecurityCell.PreviousAt, security);
        });
        return root;
    }

    /// <summary>Overwrites what free cells hold.</summary>
    public void WipeFree() => Change(_allocator.WipeFree);

    private void Change(Action change)
    {
        if (_isChanging)
        {
            throw new InvalidOperationException("An earlier change of this hive failed half-way; open it anew.");
        }

        // Left set when the change throws: what is in memory then is neither the old hive nor the new one.
        _isChanging = true;
        HasChanges = true;
        change();
        _isChanging = false;
    }

    private void PutKey(uint key, int field, uint value) => Pages.WriteUInt32((int)key + 4 + field, value);

    private uint GetKey(uint key, int field) => Pages.ReadUInt32((int)key + 4 + field);

    private void RaiseKey(uint key, int field, int value)
    {
        if (GetKey(key, field) < (uint)value)
        {
            PutKey(key, field, (uint)value);
        }
    }

    private void Touch(uint key)
    {
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(time, Now());
        Pages.Write((int)key + 4 + KeyNode.LastWrittenAt, time);
    }

    private uint AllocateWith(ReadOnlySpan<byte> content, string structure)
    {
        uint cell = _allocator.Allocate(content.Length, structure);
        Pages.Write((int)cell + 4, content);
        return cell;
    }

    private void Free(uint cell, string structure) => _allocator.Free(cells, cell, structure);
}

using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Registry;

internal sealed partial class HiveEditor
{
    /// <summary>Sets a key's security descriptor; one that the hive has already is shared.</summary>
    /// <param name="key">The key.</param>
    /// <param name="descriptor">Self-relative.</param>
    public void SetSecurity(KeyNode key, byte[] descriptor)
    {
        CheckDescriptor(descriptor);
        if (SecurityCell.Read(cells, key.Security).SequenceEqual(descriptor))
        {
            return;
        }

        uint same = FindSecurity(key.Security, descriptor);
        Change(() =>
        {
            uint cell = same;
            if (cell == HiveFormat.Nil)
            {
                cell = AllocateSecurity(descriptor);
                uint next = SecurityField(key.Security, SecurityCell.NextAt);
                SetSecurityField(cell, SecurityCell.NextAt, next);
                SetSecurityField(cell, SecurityCell.PreviousAt, key.Security);
                SetSecurityField(next, SecurityCell.PreviousAt, cell);
                SetSecurityField(key.Security, SecurityCell.NextAt, cell);
            }
            else
            {
                AddReference(cell);
            }

            PutKey(key.Offset, KeyNode.SecurityAt, cell);
            DropReference(key.Security);
            Touch(key.Offset);
        });
    }

    // [MS-DTYP] 2.4.6: revision 1, the flag SELF_RELATIVE (0x8000), and five fields of four bytes.
    private static void CheckDescriptor(ReadOnlySpan<byte> descriptor)
    {
        if (descriptor.Length < 20 || descriptor[0] != 1 || (descriptor[3] & 0x80) == 0)
        {
            throw new DiskFormatException(
                DiskFormatDefect.Inconsistent, HiveFormat.SecurityName, -1, $"{descriptor.Length} bytes were given that are no self-relative security descriptor.");
        }
    }

    private uint AllocateSecurity(byte[] descriptor)
    {
        byte[] content = new byte[SecurityCell.FixedSize + descriptor.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(content, HiveFormat.Sk);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(SecurityCell.ReferencesAt), 1);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(SecurityCell.SizeAt), descriptor.Length);
        descriptor.CopyTo(content, SecurityCell.FixedSize);
        return AllocateWith(content, HiveFormat.SecurityName);
    }

    private uint FindSecurity(uint start, byte[] descriptor)
    {
        uint cell = start;
        for (int left = Pages.Length / (4 + SecurityCell.FixedSize); left > 0; left--)
        {
            cell = SecurityField(cell, SecurityCell.NextAt);
            if (cell == start)
            {
                return HiveFormat.Nil;
            }

            if (SecurityCell.Read(cells, cell).SequenceEqual(descriptor))
            {
                return cell;
            }
        }

        throw HiveFormat.Bad(DiskFormatDefect.Inconsistent, HiveFormat.SecurityName, start, "the ring of security cells does not lead back to it.");
    }

    private void AddReference(uint cell)
    {
        uint references = SecurityField(cell, SecurityCell.ReferencesAt);
        if (references == uint.MaxValue)
        {
            throw HiveFormat.Bad(DiskFormatDefect.Inconsistent, HiveFormat.SecurityName, cell, "its count of references is at its end.");
        }

        SetSecurityField(cell, SecurityCell.ReferencesAt, references + 1);
    }

    private void DropReference(uint cell)
    {
        uint references = SecurityField(cell, SecurityCell.ReferencesAt);
        if (references > 1)
        {
            SetSecurityField(cell, SecurityCell.ReferencesAt, references - 1);
            return;
        }

        uint next = SecurityField(cell, SecurityCell.NextAt);
        uint previous = SecurityField(cell, SecurityCell.PreviousAt);
        if (next != cell)
        {
            SetSecurityField(previous, SecurityCell.NextAt, next);
            SetSecurityField(next, SecurityCell.PreviousAt, previous);
        }

        Free(cell, HiveFormat.SecurityName);
    }

    private uint SecurityField(uint cell, int field) =>
        BinaryPrimitives.ReadUInt32LittleEndian(
            cells.Read(cell, HiveFormat.Sk, HiveFormat.SecurityName, SecurityCell.FixedSize, out _).Slice(field));

    private void SetSecurityField(uint cell, int field, uint value)
    {
        cells.Read(cell, HiveFormat.Sk, HiveFormat.SecurityName, SecurityCell.FixedSize, out _);
        Pages.WriteUInt32((int)cell + 4 + field, value);
    }
}

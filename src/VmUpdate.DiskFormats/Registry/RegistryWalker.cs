namespace VmUpdate.DiskFormats.Registry;

/// <summary>
/// Goes through a key, its values and all keys under it, depth first: a key, then its values, then its subkeys. Nothing is allocated for
/// what it meets, so it serves hives of any size. The hive must not be changed meanwhile.
/// </summary>
public sealed class RegistryWalker
{
    private readonly HiveCells _cells;
    private readonly RegistryHive _hive;
    private readonly int _startDepth;
    private Frame[] _frames = new Frame[16];
    private int _depth = -1;
    private uint _start;
    private long _budget;
    private KeyNode _key;
    private ValueNode _value;
    private char[] _name = new char[256];
    private byte[] _data = [];
    private int _nameLength = -1;

    internal RegistryWalker(RegistryKey start)
    {
        _hive = start.Hive;
        _cells = start.Hive.Cells;
        _start = start.Offset;
        _startDepth = start.Depth;

        // An honest hive has room for what it holds. A hostile one, whose lists share or repeat, is stopped when more came out than can be in.
        _budget = _cells.Pages.Length;
    }

    /// <summary>Whether the current item is a value; else it is a key.</summary>
    public bool IsValue { get; private set; }

    /// <summary>How deep the current key, or the key of the current value, lies under the start, which itself has depth 0.</summary>
    public int Depth => _depth;

    /// <summary>The current item's name. Valid until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<char> Name
    {
        get
        {
            if (_nameLength < 0)
            {
                bool compressed = IsValue ? _value.IsCompressed : _key.IsCompressed;
                ReadOnlySpan<byte> raw = IsValue ? _value.RawName(_cells) : _key.RawName(_cells);
                if (_name.Length < raw.Length)
                {
                    _name = new char[raw.Length];
                }

                _nameLength = HiveText.Decode(raw, compressed, _name);
            }

            return _name.AsSpan(0, _nameLength);
        }
    }

    /// <summary>The current value's type, as stored.</summary>
    public uint Type => _value.Type;

    /// <summary>The current value's bytes, as stored. Valid until the next <see cref="Read"/>.</summary>
    /// <exception cref="DiskFormatException">The data's cells are damaged.</exception>
    public ReadOnlySpan<byte> Data => _value.ReadData(_cells, ref _data);

    /// <summary>The current key, or the key of the current value.</summary>
    public RegistryKey Key => new(_hive, _key.Offset, _startDepth + _depth);

    internal KeyNode Node => _key;

    /// <summary>Goes to the next item.</summary>
    /// <returns><see langword="false"/> at the end.</returns>
    /// <exception cref="DiskFormatException">
    /// The hive is damaged there; or keys lie too deep; or more came out of it than it has room for.
    /// </exception>
    public bool Read()
    {
        _nameLength = -1;
        if (_depth < 0)
        {
            if (_start == HiveFormat.Nil)
            {
                return false;
            }

            Enter(_start);
            _start = HiveFormat.Nil;
            return true;
        }

        ref Frame frame = ref _frames[_depth];
        if (frame.ValuesLeft > 0)
        {
            _value = ValueNode.Read(_cells, _cells.Pages.ReadUInt32(frame.NextValue));
            Spend(HiveFormat.MinValueCell + (_value.IsInline ? 0 : _value.Size), _value.Offset);
            frame.NextValue += 4;
            frame.ValuesLeft--;
            IsValue = true;
            return true;
        }

        return ReadKey();
    }

    private bool ReadKey()
    {
        while (_depth >= 0)
        {
            ref Frame frame = ref _frames[_depth];
            if (frame.SubKeys.MoveNext())
            {
                Enter(frame.SubKeys.Current);
                return true;
            }

            _depth--;
        }

        IsValue = false;
        return false;
    }

    private void Enter(uint offset)
    {
        RegistryKey.CheckDepth(offset, _startDepth + _depth + 1);
        _key = KeyNode.Read(_cells, offset);
        Spend(HiveFormat.MinKeyCell, offset);
        if (++_depth == _frames.Length)
        {
            Array.Resize(ref _frames, _frames.Length * 2);
        }

        IsValue = false;
        int list = RegistryKey.OpenValueList(_cells, _key, out int count);
        _frames[_depth] = new Frame { NextValue = list, ValuesLeft = count, SubKeys = new SubKeyCursor(_cells, _key) };
    }

    private void Spend(long bytes, uint offset)
    {
        _budget -= bytes;
        if (_budget < 0)
        {
            throw HiveFormat.Bad(
                DiskFormatDefect.Inconsistent, HiveFormat.KeyNodeName, offset, "more keys and values are reached than the hive has room for.");
        }
    }

    private struct Frame
    {
        public int NextValue;
        public int ValuesLeft;
        public SubKeyCursor SubKeys;
    }
}

using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.DiskFormats.Tests.Registry;

/// <summary>Does the same random changes to a hive and to its model.</summary>
internal sealed class RandomEdits(int seed, bool bigData, bool deleteOnlyOwn = false)
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-.{}äöüß\u0142\u4E2D\u0416";
    private readonly Random _random = new(seed);

    public void Apply(RegistryKey root, HiveModel model, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ApplyOne(root, model);
        }
    }

    private void ApplyOne(RegistryKey key, HiveModel model)
    {
        while (model.SubKeys.Count > 0 && _random.Next(4) > 0)
        {
            string next = model.SubKeys.Keys.ElementAt(_random.Next(model.SubKeys.Count));
            model = model.SubKeys[next];
            key = key.FindSubKey(Cased(next))!;
        }

        switch (_random.Next(20))
        {
            case < 8:
                SetValue(key, model);
                break;
            case < 10 when model.Values.Count > 0 && !deleteOnlyOwn:
                string value = model.Values.Keys.ElementAt(_random.Next(model.Values.Count));
                key.DeleteValue(Cased(value));
                model.Values.Remove(value);
                break;
            case < 16:
                CreateKey(key, model);
                break;
            case 16 when model.SubKeys.Count > 0 && !deleteOnlyOwn:
                string name = model.SubKeys.Keys.ElementAt(_random.Next(model.SubKeys.Count));
                key.DeleteSubKey(Cased(name));
                model.SubKeys.Remove(name);
                break;
            case 17:
                string className = _random.Next(3) == 0 ? string.Empty : Name(20);
                key.SetClassName(className);
                model.ClassName = className;
                break;
            case 18:
                byte[] descriptor = Descriptor(_random.Next(6));
                key.SetSecurityDescriptor(descriptor);
                model.Security = descriptor;
                break;
        }
    }

    /// <summary>A valid descriptor, told from others by its group.</summary>
    public static byte[] Descriptor(int kind)
    {
        byte[] descriptor = [.. DefaultSecurity.Descriptor];
        descriptor[^4] = (byte)(18 + kind);
        return descriptor;
    }

    private void SetValue(RegistryKey key, HiveModel model)
    {
        string name = model.Values.Count > 0 && _random.Next(2) == 0
            ? model.Values.Keys.ElementAt(_random.Next(model.Values.Count))
            : _random.Next(10) == 0 ? string.Empty : Name(40);
        int size = _random.Next(10) switch
        {
            < 3 => _random.Next(5),
            < 8 => _random.Next(200),
            8 => _random.Next(5000),
            _ => bigData ? _random.Next(60000) : _random.Next(16345),
        };
        byte[] data = new byte[size];
        _random.NextBytes(data);
        uint type = (uint)_random.Next(12);
        key.SetValue(Cased(name), type, data);

        // The hive keeps the spelling that a value was made with; so does a dictionary its key.
        if (!model.Values.ContainsKey(name))
        {
            name = key.FindValue(name)!.Name;
        }

        model.Values[name] = (type, data);
    }

    private void CreateKey(RegistryKey key, HiveModel model)
    {
        string name = Name(30);
        string className = _random.Next(8) == 0 ? Name(12) : string.Empty;
        RegistryKey made = key.CreateSubKey(name, className);
        if (!model.SubKeys.ContainsKey(name))
        {
            model.SubKeys.Add(name, new HiveModel { ClassName = className, Security = made.GetSecurityDescriptor() });
        }
    }

    private string Name(int longest) =>
        new([.. Enumerable.Range(0, 1 + _random.Next(longest)).Select(_ => Letters[_random.Next(Letters.Length)])]);

    // Look-ups go without case.
    private string Cased(string name) => _random.Next(2) == 0 ? name : new string([.. name.Select(HiveText.Upcase)]);
}

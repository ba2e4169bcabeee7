using System.Buffers.Binary;
using System.Globalization;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <summary>A registry value as people read it.</summary>
internal static class ShownValue
{
    private const uint RegSz = 1;
    private const uint RegExpandSz = 2;
    private const uint RegDword = 4;

    /// <summary>The value at a place: its text, its number, or its bytes in hexadecimal digits; empty when it is not there.</summary>
    public static string Of(GuestDisk disk, Place place)
    {
        RegistryValue? value = disk.OpenHive(place.Item.Hive).Find(disk.ResolveKey(place.Item.Hive, place.Path))?.FindValue(place.Name);
        return value switch
        {
            null => string.Empty,
            { Type: RegSz or RegExpandSz } => GuestDisk.TextOf(value),
            { Type: RegDword, Data.Length: sizeof(uint) } =>
                BinaryPrimitives.ReadUInt32LittleEndian(value.Data).ToString(CultureInfo.InvariantCulture),
            _ => Hex.Of(value.Data),
        };
    }
}

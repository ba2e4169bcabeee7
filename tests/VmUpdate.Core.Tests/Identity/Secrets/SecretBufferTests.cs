using System.Reflection;
using System.Text;
using VmUpdate.Core.Identity.Secrets;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Secrets;

public sealed class SecretBufferTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("correct horse battery staple");

    [Fact]
    public void A_disposed_buffer_holds_zeros_and_gives_nothing_away()
    {
        SecretBuffer buffer = SecretBuffer.CopyOf(Secret);
        byte[] inside = buffer.Pinned;

        buffer.Dispose();
        buffer.Dispose();

        Assert.All(inside, value => Assert.Equal(0, value));
        Assert.Throws<ObjectDisposedException>(() => buffer.Pinned);
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
    }

    [Fact]
    public void Taking_an_array_over_zeroes_the_array()
    {
        byte[] array = [.. Secret];

        using SecretBuffer buffer = SecretBuffer.Take(array);

        Assert.All(array, value => Assert.Equal(0, value));
        Assert.True(buffer.Span.SequenceEqual(Secret));
    }

    [Fact]
    public void It_does_not_move_in_memory()
    {
        using SecretBuffer buffer = SecretBuffer.CopyOf(Secret);
        nint before = Address(buffer);

        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);

        Assert.Equal(before, Address(buffer));
    }

    [Fact]
    public void Neither_text_nor_debugger_shows_it()
    {
        using SecretBuffer buffer = SecretBuffer.CopyOf(Secret);

        Assert.Equal("(secret)", buffer.ToString());
        Assert.All(
            typeof(SecretBuffer).GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Where(member => member is FieldInfo || member is PropertyInfo { Name: not "Length" }),
            member => Assert.Equal(
                System.Diagnostics.DebuggerBrowsableState.Never,
                member.GetCustomAttribute<System.Diagnostics.DebuggerBrowsableAttribute>()?.State));
    }

    [Theory]
    [InlineData("same bytes", "same bytes", true)]
    [InlineData("same bytes", "same bytez", false)]
    [InlineData("same bytes", "same", false)]
    [InlineData("", "", true)]
    public void Comparison_looks_at_all_bytes(string left, string right, bool expected) =>
        Assert.Equal(expected, SecretBuffer.AreEqual(Encoding.ASCII.GetBytes(left), Encoding.ASCII.GetBytes(right)));

    [Fact]
    public void No_type_of_the_folder_is_public()
    {
        IEnumerable<Type> types = typeof(SecretBuffer).Assembly.GetTypes().Where(type => type.Namespace == typeof(SecretBuffer).Namespace);

        Assert.DoesNotContain(types, type => type.IsVisible);
    }

    private static unsafe nint Address(SecretBuffer buffer)
    {
        fixed (byte* first = buffer.Span)
        {
            return (nint)first;
        }
    }
}
